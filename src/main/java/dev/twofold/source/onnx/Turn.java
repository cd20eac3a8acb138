package dev.twofold.source.onnx;

import dev.twofold.weight.Weight;

/**
 * How heads turn with their positions.
 *
 * @param cosines {@code [positions, n]}, for heads whose first {@code 2 n} elements turn
 * @param interleaved whether neighbours turn together, or an element of each half
 */
record Turn(Weight cosines, Weight sines, boolean interleaved) {}
