package dev.twofold.passes.quantize;

import dev.twofold.decoder.Attention;
import dev.twofold.decoder.Chain;
import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.Experts;
import dev.twofold.decoder.FeedForward;
import dev.twofold.decoder.Linear;
import dev.twofold.decoder.Operator;
import dev.twofold.decoder.Step;
import dev.twofold.pass.Facts;
import dev.twofold.pass.NotApplicable;
import dev.twofold.pass.Pass;
import dev.twofold.pass.PassContext;
import dev.twofold.pass.PassSpec;
import dev.twofold.weight.BlocksOnDisk;
import dev.twofold.weight.Weight;
import dev.twofold.weight.Weight.ColumnSizes;
import dev.twofold.weight.Weight.Reciprocal;
import dev.twofold.weight.Weight.Scaled;
import dev.twofold.weight.Weights;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Makes the columns of what an operator multiplies last one size, by factors that move into the rows of what makes its inputs, which is
 * exact. A block of a row then has numbers of one size, which its few codes are spread over evenly; without it, one large column costs all
 * its neighbours. It is the scaling of AWQ (Lin et al., 2023), by the weights alone.
 *
 * <pre>
 * before                        after, with s the root mean square of each column
 *   down (act(gate x) * up x)     (down / s) (act(gate x) * (s up) x)
 *   o (mixed values of v x)       (o / s) (mixed values of (s v) x)    one s a value head, for all query heads on it
 * </pre>
 *
 * <p>What reads a norm keeps its columns: the trained gain has made large what is multiplied most. Feed-forwards without a gate keep down,
 * and attentions that clip their values keep o. What is in blocks already keeps its numbers, which fit these blocks and no others.
 */
public final class Balance implements Pass {

    public static final PassSpec<PassSpec.NoOptions> SPEC = new PassSpec<>(
            "balance",
            "make the columns of down and o one size, before they are rounded",
            "- balance",
            PassSpec.Effect.EXACT,
            PassSpec.NoOptions.class,
            Set.of(),
            Set.of(),
            Set.of(),
            options -> new Balance());

    @Override
    public Optional<NotApplicable> check(Facts facts) {
        return Optional.empty();
    }

    @Override
    public Decoder run(Decoder decoder, PassContext context) {
        return decoder.withSteps(decoder.steps().stream().map(Balance::balance).toList());
    }

    private static Step balance(Step step) {
        return new Step(step.branches().stream()
                .map(branch -> branch.withBody(branch.body().match(new Inside())))
                .toList());
    }

    /** Its inputs are larger by these factors now. */
    private static Linear divided(Linear linear, Weight sizes) {
        return new Linear(new Scaled(linear.weight(), 1, new Reciprocal(sizes)), linear.bias());
    }

    /** Its outputs are to be larger by these factors. */
    private static Linear times(Linear linear, Weight sizes) {
        return new Linear(new Scaled(linear.weight(), 0, sizes), linear.bias().map(bias -> new Scaled(bias, 0, sizes)));
    }

    /** Balances what an operator multiplies last. */
    private static final class Inside implements Operator.Cases<Operator> {

        @Override
        public Operator attention(Attention attention) {
            if (attention.rule().clip().isPresent()
                    || BlocksOnDisk.isIn(attention.output().weight())
                    || BlocksOnDisk.isIn(attention.value().weight())) {
                return attention;
            }
            int size = attention.headSize();
            int sharing = attention.heads() / attention.kvHeads();
            List<Weight> byValue = new ArrayList<>();
            List<Weight> byQuery = new ArrayList<>();
            for (int head = 0; head < attention.kvHeads(); head++) {
                List<Weight> columns = new ArrayList<>();
                for (int query = head * sharing; query < (head + 1) * sharing; query++) {
                    columns.add(
                            Weights.slice(attention.output().weight(), 1, (long) query * size, (query + 1L) * size));
                }
                Weight sizes = new ColumnSizes(columns);
                byValue.add(sizes);
                for (int query = 0; query < sharing; query++) {
                    byQuery.add(sizes);
                }
            }
            Linear value = times(attention.value(), Weights.stack(0, byValue));
            return attention
                    .withProjections(attention.query(), attention.key(), value)
                    .withWriter(divided(attention.output(), Weights.stack(0, byQuery)));
        }

        @Override
        public FeedForward feedForward(FeedForward feedForward) {
            if (feedForward.gate().isEmpty()
                    || !feedForward.activation().leavesUp()
                    || BlocksOnDisk.isIn(feedForward.down().weight())
                    || BlocksOnDisk.isIn(feedForward.up().weight())) {
                return feedForward;
            }
            Weight sizes = new ColumnSizes(List.of(feedForward.down().weight()));
            return new FeedForward(
                    feedForward.gate(),
                    times(feedForward.up(), sizes),
                    divided(feedForward.down(), sizes),
                    feedForward.activation());
        }

        @Override
        public Operator experts(Experts experts) {
            return experts.withExperts(
                    experts.experts().stream().map(this::feedForward).toList());
        }

        @Override
        public Operator chain(Chain chain) {
            return chain.withSteps(steps -> steps.stream().map(Balance::balance).toList());
        }
    }
}
