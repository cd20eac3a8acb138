package dev.twofold.checkpoint;

import dev.twofold.decoder.Activation;
import dev.twofold.decoder.Experts;
import dev.twofold.decoder.FeedForward;
import dev.twofold.decoder.Linear;
import dev.twofold.decoder.Operator;
import dev.twofold.decoder.Routing;
import dev.twofold.family.ExpertsStyle;
import dev.twofold.family.FeedForwardStyle;
import dev.twofold.family.Setting;
import dev.twofold.weight.Weights;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Reads what comes after a layer's attention: a feed-forward, or a mixture of experts. */
record FeedForwardReader(FeedForwardStyle style, Settings settings, ModelShape shape, LinearReader linears) {

    /**
     * One operator, or experts and the one that every token gets.
     *
     * @param prefix of the layer's tensors
     */
    List<Operator> read(String prefix, int layer) {
        ExpertsStyle mixture = style.experts();
        if (!mixture.isPresent()) {
            return List.of(feedForward(prefix, style, shape.feedForward()));
        }
        if (mixture.dense().isPresent()) {
            int width = settings.size(mixture.dense().width());
            if (isDense(mixture, layer)) {
                return List.of(feedForward(prefix, style.dense(), width));
            }
        }
        Optional<Operator> shared = shared(prefix, mixture);
        // Some have the shared one alone.
        if (shared.isPresent()
                && settings.countIfAny(mixture.count())
                        .filter(none -> none == 0)
                        .isPresent()) {
            settings.skip(mixture.chosen());
            return List.of(shared.get());
        }
        int count = settings.size(mixture.count());
        ModelLimits.checkParts(settings.config(), Settings.name(mixture.count(), "experts"), shape.layers(), count);
        List<FeedForward> experts = isFused(prefix, mixture)
                ? fused(prefix, mixture, count)
                : IntStream.range(0, count)
                        .mapToObj(expert -> feedForward(prefix, style.expert(expert), shape.feedForward()))
                        .toList();
        double scale = settings.number(mixture.scale()).orElse(1.0);
        Operator chosen = new Experts(
                linears.linear(prefix + mixture.router(), count, shape.hidden(), mixture.biased()),
                experts.stream().map(expert -> scaled(expert, scale)).toList(),
                routing(prefix, mixture, count));
        return Stream.concat(Stream.of(chosen), shared.stream()).toList();
    }

    /** The last projection is linear, so the scale of the whole can be its own. */
    private static FeedForward scaled(FeedForward expert, double scale) {
        Linear down = expert.down();
        return expert.withWriter(new Linear(Weights.times(down.weight(), scale), down.bias()));
    }

    private Routing routing(String prefix, ExpertsStyle mixture, int count) {
        return new Routing(
                mixture.score() == ExpertsStyle.Score.SIGMOID ? Routing.Score.SIGMOID : Routing.Score.SOFTMAX,
                mixture.correction().isEmpty()
                        ? Optional.empty()
                        : Optional.of(linears.vector(prefix + mixture.correction(), count)),
                settings.size(mixture.chosen()),
                settings.flag(mixture.normed(), false),
                // The class takes it twice.
                settings.numberOrZero(mixture.near()).map(half -> 2 * half),
                mixture.weighsInputs(),
                groups(mixture.groups()));
    }

    /** All groups are none. */
    private Optional<Routing.Groups> groups(ExpertsStyle.GroupsStyle style) {
        if (!style.isPresent()) {
            return Optional.empty();
        }
        String word = settings.word(style.by());
        ExpertsStyle.GroupScore score = Arrays.stream(ExpertsStyle.GroupScore.values())
                .filter(one -> one.toString().equals(word))
                .findFirst()
                .orElseThrow(() -> settings.config()
                        .wrong(Settings.name(style.by(), "by"), "unsupported score of groups")
                        .found(word));
        Optional<Integer> count = settings.sizeIfAny(style.count());
        Optional<Integer> chosen = settings.sizeIfAny(style.chosen());
        boolean all = count.isEmpty() || count.equals(chosen);
        if (score == ExpertsStyle.GroupScore.NONE || all) {
            return Optional.empty();
        }
        return Optional.of(new Routing.Groups(count.get(), settings.size(style.chosen()), score.best()));
    }

    private Optional<Operator> shared(String prefix, ExpertsStyle mixture) {
        ExpertsStyle.SharedStyle own = mixture.shared();
        int count = own.count().equals(Setting.NONE)
                ? 1
                : settings.countIfAny(own.count()).orElse(0);
        if (!own.isPresent() || count == 0) {
            return Optional.empty();
        }
        FeedForward expert = feedForward(prefix, style.shared(), (long) count * settings.size(own.width()));
        if (own.weighing().isEmpty()) {
            return Optional.of(expert);
        }
        Linear router = linears.linear(prefix + own.weighing(), 1, shape.hidden(), false);
        return Optional.of(new Experts(router, List.of(expert), Routing.gate()));
    }

    /** Releases of transformers differ in whether they store experts one by one. */
    private boolean isFused(String prefix, ExpertsStyle mixture) {
        boolean never = mixture.down().isEmpty();
        boolean always = !style.down().contains(FeedForwardStyle.EXPERT);
        return !never && (always || linears.has(prefix + mixture.down()) || linears.has(prefix + mixture.gateUp()));
    }

    private boolean isDense(ExpertsStyle mixture, int layer) {
        if (!mixture.listed().isEmpty() && settings.config().gives(mixture.listed())) {
            // Where no layer is listed, nothing else asks for these.
            Stream.of(mixture.every(), mixture.count(), mixture.chosen()).forEach(settings::skip);
            return !settings.config().numbers(mixture.listed()).contains((double) layer);
        }
        boolean skipped = settings.sizeIfAny(mixture.every())
                .filter(every -> (layer + 1) % every != 0)
                .isPresent();
        int last = settings.countOrNone(mixture.to()).orElse(shape.layers() - 1);
        boolean outside = layer < settings.countIfAny(mixture.from()).orElse(0) || layer > last;
        String listed = mixture.dense().listed();
        return skipped
                || outside
                || !listed.isEmpty() && settings.config().numbers(listed).contains((double) layer);
    }

    /** All experts in two tensors. */
    private List<FeedForward> fused(String prefix, ExpertsStyle mixture, int count) {
        long width = shape.feedForward();
        Activation activation = activation(prefix, style);
        List<Linear> both = linears.slices(
                prefix + mixture.gateUp(),
                count,
                2 * width,
                shape.hidden(),
                isTransposed(mixture, prefix + mixture.gateUp(), count, 2 * width, shape.hidden()),
                biases(prefix, mixture, mixture.gateUp()));
        List<Linear> down = linears.lastSlices(
                prefix + mixture.down(),
                count,
                shape.hidden(),
                width,
                isTransposed(mixture, prefix + mixture.down(), count, shape.hidden(), width),
                biases(prefix, mixture, mixture.down()));
        return IntStream.range(0, count)
                .mapToObj(expert -> {
                    // Gates and ups in turn: every second row, then the others.
                    Linear own = mixture.interleaved()
                            ? both.get(expert).woven(Math.toIntExact(width), 2)
                            : both.get(expert);
                    Optional<Linear> gate = Optional.of(own.rows(0, width));
                    return new FeedForward(gate, own.rows(width, 2 * width), down.get(expert), activation);
                })
                .toList();
    }

    private boolean isTransposed(ExpertsStyle mixture, String name, long... straight) {
        return mixture.transposed() && !(mixture.bothWays() && linears.has(name, straight));
    }

    private static String biases(String prefix, ExpertsStyle mixture, String name) {
        return mixture.biased() ? prefix + name + "_bias" : "";
    }

    private FeedForward feedForward(String prefix, FeedForwardStyle own, long width) {
        boolean bias = settings.flag(own.bias(), false);
        Activation activation = activation(prefix, own);
        Linear down = linears.last(prefix + own.down(), shape.hidden(), width, bias);
        if (!own.gateUp().isEmpty()) {
            Linear both = linears.linear(prefix + own.gateUp(), 2 * width, shape.hidden(), bias);
            return new FeedForward(Optional.of(both.rows(0, width)), both.rows(width, 2 * width), down, activation);
        }
        Optional<Linear> gate = own.gate().isEmpty()
                ? Optional.empty()
                : Optional.of(linears.linear(prefix + own.gate(), width, shape.hidden(), bias));
        return new FeedForward(gate, linears.linear(prefix + own.up(), width, shape.hidden(), bias), down, activation);
    }

    private Activation activation(String prefix, FeedForwardStyle own) {
        String name = settings.word(own.activation());
        if (name.equals(Activation.ClampedSwish.NAME)) {
            return new Activation.ClampedSwish(
                    settings.number(own.steepness()).orElseThrow(),
                    settings.number(own.limit()).orElseThrow());
        }
        FeedForwardStyle.NumbersStyle numbers = own.numbers();
        if (name.equals(Activation.Xielu.NAME) && numbers.isPresent()) {
            return new Activation.Xielu(
                    linears.number(prefix + numbers.rising()),
                    linears.number(prefix + numbers.falling()),
                    linears.number(prefix + numbers.slope()));
        }
        return Arrays.stream(Activation.Plain.values())
                .filter(activation -> activation.toString().equals(name))
                .<Activation>map(activation -> activation)
                .findFirst()
                .orElseThrow(() -> settings.config()
                        .wrong(Settings.name(own.activation(), "activation"), "unsupported activation")
                        .found(name)
                        .expected(Arrays.stream(Activation.Plain.values())
                                .map(Activation.Plain::toString)
                                .collect(Collectors.joining(", "))));
    }
}
