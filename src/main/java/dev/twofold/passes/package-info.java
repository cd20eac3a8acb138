/** Floor 5: the passes Twofold ships, one class each. */
@NullMarked
package dev.twofold.passes;

import org.jspecify.annotations.NullMarked;
