package dev.twofold.target;

import java.util.OptionalInt;

/**
 * What a part will come to, known before a weight is read.
 *
 * @param weightBytes of all weights
 * @param dataBytes length of the file that holds them
 * @param kvBytesPerToken of keys and values that a runtime keeps
 * @param nodes of the graph, where there is one
 */
public record Preview(long weightBytes, long dataBytes, long kvBytesPerToken, OptionalInt nodes) {}
