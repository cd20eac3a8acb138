package dev.twofold.families;

import static org.assertj.core.api.Assertions.assertThat;

import dev.twofold.decoder.Attention;
import dev.twofold.decoder.AttentionRule;
import dev.twofold.decoder.Branch;
import dev.twofold.decoder.Chain;
import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.Experts;
import dev.twofold.decoder.FeedForward;
import dev.twofold.decoder.Linear;
import dev.twofold.decoder.Norm;
import dev.twofold.decoder.Operator;
import dev.twofold.decoder.QueryKeyNorm;
import dev.twofold.decoder.Rotary;
import dev.twofold.decoder.Routing;
import dev.twofold.decoder.Window;
import dev.twofold.pipeline.Sources;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The checkpoints that slow tests run have every piece of mathematics that any checkpoint has. */
final class CoveredMathematicsTest {

    @Test
    void what_any_checkpoint_computes_one_of_the_slow_tests_computes() {
        TreeSet<String> all = pieces(TinyFamilies.names());
        all.removeAll(pieces(TinyFamilies.kinds()));
        assertThat(all).isEmpty();
    }

    private static TreeSet<String> pieces(List<String> names) {
        return names.stream()
                .map(name -> Sources.SHIPPED.open(TinyFamilies.checkpoint(name)).decoder())
                .flatMap(CoveredMathematicsTest::pieces)
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static Stream<String> pieces(Decoder decoder) {
        Stream<String> ends = Stream.of(
                "tied " + decoder.tied(),
                "embedding " + decoder.embedding().norm().map(CoveredMathematicsTest::norm),
                "embedding scaled " + (decoder.embedding().scale() != 1),
                "positions " + decoder.embedding().positions().isPresent(),
                "logits capped " + decoder.logitCap().isPresent(),
                "head with bias " + decoder.head().bias().isPresent(),
                "final " + norm(decoder.finalNorm()),
                "steps a layer " + decoder.facts().stepsPerLayer(),
                "branches a step "
                        + decoder.steps().stream()
                                .map(step -> step.branches().size())
                                .distinct()
                                .sorted()
                                .toList());
        return Stream.concat(ends, decoder.branches().flatMap(CoveredMathematicsTest::pieces));
    }

    private static Stream<String> pieces(Branch branch) {
        String kind = branch.body().kind().toString();
        Stream<String> norms = Stream.of(
                kind + " reads " + branch.in().map(CoveredMathematicsTest::norm),
                kind + " adds " + branch.out().map(CoveredMathematicsTest::norm));
        return Stream.concat(norms, branch.body().match(new Inside()));
    }

    private static String norm(Norm norm) {
        return norm.kind() + (norm.bias().isPresent() ? " with bias" : "") + (norm.isUnit() ? " without gain" : "");
    }

    private static String biases(List<Linear> linears) {
        return linears.stream()
                .map(linear -> linear.bias().isPresent())
                .toList()
                .toString();
    }

    /** What each kind of operator computes. */
    private static final class Inside implements Operator.Cases<Stream<String>> {

        @Override
        public Stream<String> attention(Attention attention) {
            AttentionRule rule = attention.rule();
            boolean usual = Math.abs(rule.scale() * Math.sqrt(rule.headSize()) - 1) < 1e-6;
            Optional<QueryKeyNorm> norms = attention.norms();
            return Stream.of(
                    "latents "
                            + attention.latents().queries().isPresent()
                            + attention.latents().keysAndValues().isPresent(),
                    "biases " + attention.readerNames() + biases(attention.readers()),
                    "output bias " + attention.output().bias().isPresent(),
                    "clipped " + rule.clip().isPresent(),
                    "scores scaled " + !usual,
                    "scores capped " + rule.cap().isPresent(),
                    "temperature " + rule.temperature().isPresent(),
                    "ramps " + attention.ramps().isPresent(),
                    "sinks " + attention.sinks().isPresent(),
                    "window " + rule.window().map(Window::kind),
                    "heads shared " + (attention.heads() > attention.kvHeads()) + ", one " + (attention.kvHeads() == 1),
                    "head norms "
                            + norms.map(both -> both.span() + " turned " + both.turned() + " " + norm(both.query())
                                    + " alike "
                                    + QueryKeyNorm.shared(both.query(), rule.headSize())
                                            .isPresent()),
                    "turns " + rule.rotary().map(rotary -> turns(rotary, rule.headSize())),
                    "scaling "
                            + rule.rotary()
                                    .map(Rotary::scaling)
                                    .map(each -> each.getClass().getSimpleName()));
        }

        private static String turns(Rotary rotary, int size) {
            return "whole " + (rotary.width() == size) + ", neighbours " + rotary.interleaved();
        }

        @Override
        public Stream<String> feedForward(FeedForward own) {
            return Stream.of(
                    own.activation().getClass().getSimpleName() + " " + name(own) + ", gate "
                            + own.gate().isPresent(),
                    "feed-forward biases " + biases(own.readers())
                            + own.down().bias().isPresent());
        }

        private static String name(FeedForward own) {
            return own.activation().weights().findAny().isPresent()
                    ? "trained"
                    : own.activation().toString();
        }

        @Override
        public Stream<String> experts(Experts experts) {
            Routing routing = experts.routing();
            Stream<String> own =
                    Stream.of("weighs inputs " + routing.weighsInputs() + ", routing " + routing.score() + " corrected "
                            + routing.correction().isPresent() + " normed " + routing.normed() + " near "
                            + routing.near().isPresent() + " bias "
                            + experts.router().bias().isPresent() + " groups by "
                            + routing.groups().map(Routing.Groups::best));
            return Stream.concat(own, feedForward(experts.experts().get(0)).map(piece -> "expert: " + piece));
        }

        @Override
        public Stream<String> chain(Chain chain) {
            return Stream.of();
        }
    }
}
