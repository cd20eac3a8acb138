/** Floor 3: which layers of a checkpoint run side by side, how that is written, and what each rewrite can do with them. */
@NullMarked
package dev.twofold.layers;

import org.jspecify.annotations.NullMarked;
