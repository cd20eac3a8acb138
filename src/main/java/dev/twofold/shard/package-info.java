/** Floor 4: the part of a decoder that one device runs. */
@NullMarked
package dev.twofold.shard;

import org.jspecify.annotations.NullMarked;
