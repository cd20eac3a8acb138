/** Floor 4: cutting a decoder over devices. */
@NullMarked
package dev.twofold.passes.shard;

import org.jspecify.annotations.NullMarked;
