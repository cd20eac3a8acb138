package dev.twofold.graph.operator;

import java.util.Optional;

/** How many inputs and outputs an operator has, as its specification says. */
public record Arity(Count inputs, Count outputs) {

    static final int ANY = Integer.MAX_VALUE;

    /** A number between two; those at the end that are optional may be left out. */
    public record Count(int least, int most) {

        boolean allows(int count) {
            return count >= least && count <= most;
        }

        @Override
        public String toString() {
            if (most == ANY) {
                return least + " or more";
            }
            return least == most ? String.valueOf(least) : least + " to " + most;
        }
    }

    /** One output. */
    static Arity ofInputs(int least, int most) {
        return new Arity(new Count(least, most), new Count(1, 1));
    }

    Arity withOutputs(int least, int most) {
        return new Arity(inputs, new Count(least, most));
    }

    /** What is wrong with a node of so many; empty if nothing is. */
    Optional<String> problem(int inputCount, int outputCount) {
        if (!inputs.allows(inputCount)) {
            return Optional.of(inputCount + " inputs, not " + inputs);
        }
        return outputs.allows(outputCount) ? Optional.empty() : Optional.of(outputCount + " outputs, not " + outputs);
    }
}
