package dev.twofold.stepwise;

import dev.twofold.weight.Weight;

/** A weight, and what a checkpoint calls it. */
public record NamedWeight(String name, Weight weight) {}
