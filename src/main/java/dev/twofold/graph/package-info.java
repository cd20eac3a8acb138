/** Floor 4: ONNX graphs before they are written: nodes, weights, files. */
@NullMarked
package dev.twofold.graph;

import org.jspecify.annotations.NullMarked;
