/** Floor 5: decoders that were exported to ONNX, recognised by what their graphs compute. */
@NullMarked
package dev.twofold.source.onnx;

import org.jspecify.annotations.NullMarked;
