/** Floor 4: readers that turn a checkpoint on disk into a decoder whose weights are not read yet. */
@NullMarked
package dev.twofold.checkpoint;

import org.jspecify.annotations.NullMarked;
