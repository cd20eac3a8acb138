package dev.twofold.graph.cut;

import dev.twofold.decoder.Attention;
import dev.twofold.decoder.Branch;
import dev.twofold.decoder.Chain;
import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.Experts;
import dev.twofold.decoder.FeedForward;
import dev.twofold.decoder.Linear;
import dev.twofold.decoder.Norm;
import dev.twofold.decoder.Operator;
import dev.twofold.decoder.QueryKeyNorm;
import dev.twofold.decoder.Sharding;
import dev.twofold.decoder.Sharding.Placement;
import dev.twofold.decoder.Step;
import dev.twofold.graph.lower.KvLayout;
import dev.twofold.tensor.Shape;
import dev.twofold.weight.Weight;
import dev.twofold.weight.Weights;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Where the weights of a decoder that an engine is to cut go: to the devices that would have them if its parts were
 * emitted one by one. Heads and hidden activations are shared out; the projections into them are cut by their outputs,
 * those out of them by their inputs.
 */
final class WeightShardings {

    private static final int INPUTS = 0;
    private static final int OUTPUTS = 1;

    private final KvLayout layout;
    private final List<Integer> everyone;
    /** By the expression that is an initializer of the graph, or that several are the parts of. */
    private final Map<Weight, TensorSharding> known = new HashMap<>();

    private WeightShardings(KvLayout layout, List<Integer> everyone) {
        this.layout = layout;
        this.everyone = everyone;
    }

    /** @param decoder sharded, and whole */
    static Map<Weight, TensorSharding> of(Decoder decoder, KvLayout layout) {
        Sharding sharding = decoder.sharding().orElseThrow();
        List<Integer> everyone = IntStream.range(0, sharding.devices()).boxed().toList();
        WeightShardings shardings = new WeightShardings(layout, everyone);
        decoder.rotaries().forEach(rotary -> {
            shardings.whole(rotary.cosines(), everyone);
            shardings.whole(rotary.sines(), everyone);
        });
        decoder.temperatures().forEach(temperature -> shardings.whole(temperature.table(), everyone));
        shardings.norm(decoder.finalNorm());
        decoder.embedding().norm().ifPresent(shardings::norm);
        shardings.steps(decoder.steps(), everyone, sharding.placement());
        shardings.vocabulary(decoder, sharding.vocabulary());
        return shardings.known;
    }

    private void vocabulary(Decoder decoder, boolean cut) {
        Weight head = Weights.transpose(decoder.head().weight());
        if (cut) {
            List<List<Integer>> holders = groups(everyone, everyone.size());
            along(0, decoder.embedding().table(), 1, holders);
            along(OUTPUTS, head, 1, holders);
            decoder.head().bias().ifPresent(bias -> along(0, bias, 1, holders));
        } else {
            whole(decoder.embedding().table(), everyone);
            whole(head, everyone);
            decoder.head().bias().ifPresent(bias -> whole(bias, everyone));
        }
        decoder.embedding().positions().ifPresent(positions -> whole(positions, everyone));
    }

    /** @param team the devices that run the steps */
    private void steps(List<Step> steps, List<Integer> team, Placement placement) {
        for (Step step : steps) {
            step.byKind().forEach(branches -> branches(branches, team, placement));
        }
    }

    private void branches(List<Branch> branches, List<Integer> team, Placement placement) {
        int layers = branches.stream().mapToInt(WeightShardings::layers).sum();
        int first = 0;
        for (Branch branch : branches) {
            branch.in().ifPresent(this::norm);
            branch.out().ifPresent(this::norm);
            int count = layers(branch);
            List<List<Integer>> teams = placement == Placement.HEADS
                    ? Collections.nCopies(count, team)
                    : groups(team, layers).subList(first, first + count);
            branch.body().match(new Cut(teams)).run();
            first += count;
        }
    }

    /** How many layers a branch stands for that can have devices of their own. */
    private static int layers(Branch branch) {
        int heads = branch.body()
                .attentions()
                .mapToInt(attention -> attention.members().size())
                .sum();
        return Math.max(1, heads);
    }

    /** Where the weights of each kind of operator go. */
    private final class Cut implements Operator.Cases<Runnable> {

        private final List<List<Integer>> teams;

        /** @param teams of each layer of the operator, the devices that run it */
        Cut(List<List<Integer>> teams) {
            this.teams = teams;
        }

        @Override
        public Runnable attention(Attention attention) {
            return () -> WeightShardings.this.attention(attention, teams);
        }

        @Override
        public Runnable feedForward(FeedForward feedForward) {
            return () -> WeightShardings.this.feedForward(feedForward, 1, teams.get(0));
        }

        @Override
        public Runnable experts(Experts experts) {
            return () -> {
                Linear router = experts.router();
                whole(Weights.transpose(router.weight()), teams.get(0));
                Stream.of(router.bias(), experts.routing().correction(), experts.outputBiases())
                        .flatMap(Optional::stream)
                        .forEach(values -> whole(values, teams.get(0)));
                WeightShardings.this.feedForward(
                        experts.together(), experts.experts().size(), teams.get(0));
            };
        }

        @Override
        public Runnable chain(Chain chain) {
            return () -> steps(chain.steps(), teams.get(0), Placement.HEADS);
        }
    }

    /** @param stretches feed-forwards in it that are each cut by themselves */
    private void feedForward(FeedForward feedForward, int stretches, List<Integer> team) {
        List<List<Integer>> holders = groups(team, team.size());
        feedForward.readers().forEach(reader -> outputs(reader, stretches, holders));
        inputs(feedForward.down(), stretches, holders);
    }

    private void attention(Attention attention, List<List<Integer>> teams) {
        attention.latents().all().forEach(latent -> {
            List<Integer> team = teams.stream().flatMap(List::stream).distinct().toList();
            latent.down().weights().forEach(weight -> whole(matrix(weight), team));
            norm(latent.norm());
        });
        int first = 0;
        for (Attention part : layout.parts(attention)) {
            int count = part.members().size();
            List<List<Integer>> own = teams.subList(first, first + count);
            int stretches = stretches(own);
            List<List<Integer>> queries = holders(own, Integer.MAX_VALUE);
            List<List<Integer>> keys = holders(own, part.kvHeads() / count);
            outputs(part.query(), stretches, queries);
            outputs(part.key(), stretches, keys);
            outputs(part.value(), stretches, keys);
            part.norms().ifPresent(norms -> {
                gain(norms.query(), part.headSize(), stretches, queries);
                gain(norms.key(), part.headSize(), stretches, keys);
            });
            first += count;
        }
        inputs(attention.output(), stretches(teams), holders(teams, Integer.MAX_VALUE));
    }

    /** The gain of a norm of queries or keys, which every head has in common, or each has its own of. */
    private void gain(Norm norm, int headSize, int stretches, List<List<Integer>> holders) {
        whole(QueryKeyNorm.shared(norm, headSize).orElseGet(() -> Norm.unitGain(headSize)), everyone);
        if (QueryKeyNorm.shared(norm, headSize).isEmpty()) {
            along(0, norm.gain(), stretches, holders);
        }
    }

    private void norm(Norm norm) {
        norm.weights().forEach(weight -> whole(weight, everyone));
    }

    /** Layers that share their devices are cut each by itself; others are cut where one ends and the next begins. */
    private static int stretches(List<List<Integer>> teams) {
        return teams.stream().distinct().count() == 1 ? teams.size() : 1;
    }

    /** @param most parts that a layer can be cut into */
    private static List<List<Integer>> holders(List<List<Integer>> teams, int most) {
        return teams.stream()
                .distinct()
                .flatMap(team -> groups(team, Math.min(team.size(), most)).stream())
                .toList();
    }

    /** Devices in equal groups of neighbours. */
    private static List<List<Integer>> groups(List<Integer> devices, int count) {
        int size = devices.size() / count;
        return IntStream.range(0, count)
                .mapToObj(group -> devices.subList(group * size, (group + 1) * size))
                .toList();
    }

    private void outputs(Linear linear, int stretches, List<List<Integer>> holders) {
        along(OUTPUTS, Weights.transpose(linear.weight()), stretches, holders);
        linear.bias().ifPresent(bias -> along(0, bias, stretches, holders));
    }

    /** The bias is added to the sum of the parts' products. */
    private void inputs(Linear linear, int stretches, List<List<Integer>> holders) {
        along(INPUTS, Weights.transpose(linear.weight()), stretches, holders);
        linear.bias()
                .ifPresent(bias ->
                        whole(bias, holders.stream().flatMap(List::stream).toList()));
    }

    /** As it is multiplied: a vector stays as it is. */
    private static Weight matrix(Weight weight) {
        return weight.shape().rank() == 2 ? Weights.transpose(weight) : weight;
    }

    private void whole(Weight weight, List<Integer> devices) {
        put(weight, TensorSharding.whole(devices));
    }

    private void along(int axis, Weight weight, int stretches, List<List<Integer>> holders) {
        Shape shape = weight.shape();
        put(weight, TensorSharding.along(axis, shape.rank(), shape.dim(axis), stretches, holders));
    }

    private void put(Weight weight, TensorSharding sharding) {
        TensorSharding other = known.putIfAbsent(BlockShardings.key(weight), sharding);
        if (other != null && !other.equals(sharding)) {
            throw new IllegalStateException(Weights.describe(weight) + " goes to " + other + " and to " + sharding);
        }
    }
}
