/** Floor 4: what is known of the ONNX operators that graphs are made of, in one table. */
@NullMarked
package dev.twofold.graph.operator;

import org.jspecify.annotations.NullMarked;
