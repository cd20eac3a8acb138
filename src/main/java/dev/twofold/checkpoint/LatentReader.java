package dev.twofold.checkpoint;

import dev.twofold.decoder.Latent;
import dev.twofold.decoder.Latents;
import dev.twofold.decoder.Linear;
import dev.twofold.decoder.Norm;
import dev.twofold.family.AttentionStyle;
import dev.twofold.family.LatentStyle;
import dev.twofold.tensor.Shape;
import dev.twofold.weight.Weight;
import dev.twofold.weight.Weight.Computed;
import dev.twofold.weight.Weight.Filled;
import dev.twofold.weight.Weights;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/**
 * Reads attentions over latents as attentions whose keys and values are written out head by head. With {@code c} the latent and
 * {@code r} the part of keys that positions turn, which all heads share,
 *
 * <pre>
 * q_h = [turned | rest] of Wq x or Wq n(Wqa x)      k_h = [r | Wk_h c] = [0 I; Wk_h 0] [c | r]
 * v_h = [Wv_h c | 0]    = [Wv_h 0; 0 0] [c | r]     y   = sum of [Wo_h 0] mixed_h
 * </pre>
 *
 * <p>The part that is turned comes first, as in any head that is turned in part; queries and keys in one order have the scores
 * that they had. Values are filled up with zeros to the width of keys, which caches and most kernels want to be one width.
 */
record LatentReader(AttentionStyle attention, Settings settings, ModelShape shape, TensorSource tensors) {

    /** What an attention is made of. */
    record Parts(Latents latents, Linear query, Linear key, Linear value, Linear output) {}

    /** @param output the scale of what the branch adds is in it */
    Parts read(String prefix, LinearReader linears) {
        requireHeadsOfTheirOwn();
        LatentStyle style = attention.latent();
        boolean bias = settings.flag(attention.bias(), false);
        int rank = settings.size(style.rank());
        int value = value(style);
        int unturned = shape.headSize() - shape.turnable();
        Latent shared = new Latent(
                linears.linear(prefix + style.down(), (long) rank + shape.turnable(), shape.hidden(), bias),
                norm(prefix + style.norm(), rank));
        Weight up = tensors.matrix(prefix + style.up(), (long) shape.heads() * (unturned + value), rank);
        Optional<Integer> queryRank = settings.sizeIfAny(style.queryRank());
        Optional<Latent> queries = queryRank.map(width -> new Latent(
                linears.linear(prefix + style.queryDown(), width, shape.hidden(), bias),
                norm(prefix + style.queryNorm(), width)));
        Weight query = tensors.matrix(
                prefix + (queries.isPresent() ? style.queryUp() : attention.query()),
                shape.queryRows(),
                queryRank.orElse(shape.hidden()));
        boolean outputBias = settings.flag(attention.outputBias(), false);
        Linear output =
                linears.last(prefix + attention.output(), shape.hidden(), (long) shape.heads() * value, outputBias);
        return new Parts(
                new Latents(queries, Optional.of(shared)),
                eachHead(head -> turnedFirst(query, head)),
                eachHead(head -> key(rows(up, head, unturned + value, 0, unturned), rank)),
                eachHead(head -> value(rows(up, head, unturned + value, unturned, unturned + value), rank)),
                filled(output, value));
    }

    private void requireHeadsOfTheirOwn() {
        if (shape.kvHeads() != shape.heads()) {
            throw settings.config()
                    .wrong("num_key_value_heads", "heads with keys made of a latent share none")
                    .found(shape.kvHeads())
                    .expected(shape.heads());
        }
    }

    private int value(LatentStyle style) {
        int value = settings.sizeIfAny(style.value()).orElse(shape.hidden() / shape.heads());
        if (value > shape.headSize()) {
            throw settings.config()
                    .wrong(Settings.name(style.value(), "value"), "values wider than keys")
                    .found(value)
                    .expected("at most " + shape.headSize());
        }
        return value;
    }

    private Norm norm(String name, int size) {
        double epsilon = settings.number(attention.latent().epsilon())
                .orElseThrow(() -> settings.config().missing("epsilon"));
        return Norm.rms(tensors.tensor(name + ".weight", size), epsilon);
    }

    private Linear eachHead(IntFunction<Weight> made) {
        return Linear.withoutBias(Weights.stack(
                0, IntStream.range(0, shape.heads()).mapToObj(made).toList()));
    }

    /** Some of the rows that a head has in a matrix. */
    private static Weight rows(Weight matrix, int head, long each, long from, long to) {
        return Weights.slice(matrix, 0, head * each + from, head * each + to);
    }

    private Weight turnedFirst(Weight query, int head) {
        long size = shape.headSize();
        long unturned = size - shape.turnable();
        return Weights.stack(0, List.of(rows(query, head, size, unturned, size), rows(query, head, size, 0, unturned)));
    }

    private Weight key(Weight rest, int rank) {
        int turned = shape.turnable();
        Weight same = new Computed(Shape.of(turned, turned), new Identity());
        Weight first = Weights.stack(1, List.of(zeros(turned, rank), same));
        return Weights.stack(0, List.of(first, beside(rest)));
    }

    private Weight value(Weight own, int rank) {
        long missing = shape.headSize() - own.shape().dim(0);
        return missing == 0
                ? beside(own)
                : Weights.stack(0, List.of(beside(own), zeros(missing, rank + shape.turnable())));
    }

    /** A matrix of the latent, which leaves out what comes behind it. */
    private Weight beside(Weight matrix) {
        return Weights.stack(1, List.of(matrix, zeros(matrix.shape().dim(0), shape.turnable())));
    }

    /** With columns for what values are filled up with. */
    private Linear filled(Linear output, int value) {
        long missing = shape.headSize() - value;
        if (missing == 0) {
            return output;
        }
        List<Weight> columns = IntStream.range(0, shape.heads())
                .boxed()
                .flatMap(head -> List.of(
                        Weights.slice(output.weight(), 1, (long) head * value, (head + 1L) * value),
                        zeros(shape.hidden(), missing))
                        .stream())
                .toList();
        return new Linear(Weights.stack(1, columns), output.bias());
    }

    private static Weight zeros(long rows, long columns) {
        return new Filled(Shape.of(rows, columns), 0f);
    }

    /** The matrix that changes nothing. */
    private record Identity() implements Weight.Rows {

        @Override
        public String name() {
            return "identity";
        }

        @Override
        public void fill(long row, float[] values) {
            Arrays.fill(values, 0);
            values[Math.toIntExact(row)] = 1;
        }
    }
}
