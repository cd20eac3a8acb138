package dev.twofold.source.onnx;

import java.util.List;

/**
 * What a rule of one operator is tried on.
 *
 * @param rule its name
 * @param fires in the language of patterns; x, y are values of a width of 8, m a matrix [8, 8], n one [4, 8], v a vector of 8, w one of 4
 * @param not what it does not fire for
 */
record RuleSample(String rule, String fires, List<String> not) {

    static RuleSample sample(String rule, String fires, String... not) {
        return new RuleSample(rule, fires, List.of(not));
    }

    @Override
    public String toString() {
        return rule;
    }
}
