package dev.twofold.graph.operator;

/**
 * Kernels that operators become.
 *
 * @param compiled in a runtime for graphs, where each operator is one, but for those that only say how a value is to be
 *     seen
 * @param eager in a framework that runs its own smallest operators one by one
 */
public record Kernels(int compiled, int eager) {

    public static final Kernels NONE = new Kernels(0, 0);

    static final Kernels ONE = new Kernels(1, 1);

    public Kernels plus(Kernels other) {
        return new Kernels(compiled + other.compiled, eager + other.eager);
    }
}
