/** Floor 5: everything that runs on ONNX Runtime. */
@NullMarked
package dev.twofold.ort;

import org.jspecify.annotations.NullMarked;
