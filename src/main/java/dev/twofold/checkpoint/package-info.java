/** Floor 3: what a checkpoint computes, by its family, its configuration and its tensors, whatever files hold them. */
@NullMarked
package dev.twofold.checkpoint;

import org.jspecify.annotations.NullMarked;
