package dev.twofold.decoder;

/** What a branch computes from the stream. */
public sealed interface Operator permits Attention, FeedForward, Chain {}
