/** Floor 4: from a decoder to a graph, and from a graph to an ONNX file with external data. */
@NullMarked
package dev.twofold.onnx;

import org.jspecify.annotations.NullMarked;
