package dev.twofold.passes.quantize;

import dev.twofold.decoder.Attention;
import dev.twofold.decoder.Branch;
import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.Linear;
import dev.twofold.decoder.Operator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What it costs to round matrices that are read together, and nothing else.
 *
 * @param matrices of one kind of operator
 * @param layers that they stand for; none for the head
 * @param loss divergence from the model with nothing rounded, in nats a token
 * @param elements numbers in them
 */
public record BitCost(List<MatrixName> matrices, List<Integer> layers, double loss, long elements) {

    public BitCost {
        matrices = List.copyOf(matrices);
        layers = List.copyOf(layers);
    }

    /**
     * Of what a branch reads its inputs with, or of what it writes its result with.
     *
     * @param readers which of the two
     */
    static BitCost of(Branch branch, boolean readers, double loss) {
        boolean attention = branch.body().kind() == Operator.Kind.ATTENTION;
        Operator body = branch.body();
        List<MatrixName> names = attention
                ? readers ? List.of(MatrixName.Q, MatrixName.K, MatrixName.V) : List.of(MatrixName.O)
                : readers ? List.of(MatrixName.GATE, MatrixName.UP) : List.of(MatrixName.DOWN);
        Stream<Linear> read = Stream.concat(body.readers().stream(), behindLatents(body));
        long elements = (readers ? read : Optional.of(body).flatMap(Operator::writer).stream())
                .mapToLong(linear -> linear.weight().shape().elements())
                .sum();
        return new BitCost(names, branch.origin().layers(), loss, elements);
    }

    /** What reads latents, and not the stream: these are rounded with it. */
    private static Stream<Linear> behindLatents(Operator body) {
        return body instanceof Attention attention
                ? Stream.concat(
                        attention.latents().queries().stream().map(latent -> attention.query()),
                        attention.latents().keysAndValues().stream()
                                .flatMap(latent -> Stream.of(attention.key(), attention.value())))
                : Stream.empty();
    }

    /** Of the head, and of the embedding that it may share its matrix with. */
    static BitCost ofHead(double loss, Decoder decoder) {
        return new BitCost(
                List.of(MatrixName.EMBEDDING, MatrixName.HEAD),
                List.of(),
                loss,
                decoder.head().weight().shape().elements());
    }
}
