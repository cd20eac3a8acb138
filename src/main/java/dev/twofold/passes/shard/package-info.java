/** Floor 5: the pass that cuts a decoder over devices. */
@NullMarked
package dev.twofold.passes.shard;

import org.jspecify.annotations.NullMarked;
