/** Floor 4: decoders to the smallest operators: the reference that graphs are compared with. */
@NullMarked
package dev.twofold.graph.plain;

import org.jspecify.annotations.NullMarked;
