/** Floor 5: decoders as ONNX models for ONNX Runtime, with what the runtimes around it read. */
@NullMarked
package dev.twofold.target.onnx;

import org.jspecify.annotations.NullMarked;
