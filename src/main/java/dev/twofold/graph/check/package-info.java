/** Floor 4: whether a graph that was written is well-formed. */
@NullMarked
package dev.twofold.graph.check;

import org.jspecify.annotations.NullMarked;
