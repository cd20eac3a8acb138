/** Floor 4: decoders to graphs, in two dialects. */
@NullMarked
package dev.twofold.graph.lower;

import org.jspecify.annotations.NullMarked;
