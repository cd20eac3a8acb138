/** Floor 5: passes that rewrite the list of steps. */
@NullMarked
package dev.twofold.passes.rewrite;

import org.jspecify.annotations.NullMarked;
