package dev.twofold.stepwise;

import dev.twofold.decoder.Attention;
import dev.twofold.decoder.AttentionRule;
import dev.twofold.decoder.Branch;
import dev.twofold.decoder.Chain;
import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.Experts;
import dev.twofold.decoder.FeedForward;
import dev.twofold.decoder.Linear;
import dev.twofold.decoder.ModelFacts;
import dev.twofold.decoder.Operator;
import dev.twofold.decoder.Rotary;
import dev.twofold.decoder.Routing;
import dev.twofold.decoder.Routing.Score;
import dev.twofold.decoder.Step;
import dev.twofold.stepwise.BranchForm.AttentionForm;
import dev.twofold.stepwise.BranchForm.ExpertsForm;
import dev.twofold.stepwise.BranchForm.FeedForwardForm;
import dev.twofold.stepwise.BranchForm.HeadNormForm;
import dev.twofold.stepwise.DecoderForm.FamilyForm;
import dev.twofold.stepwise.DecoderForm.NormForm;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What config.json says of a decoder. */
final class FormWriter {

    private final List<Rotary> rotaries;

    private FormWriter(List<Rotary> rotaries) {
        this.rotaries = rotaries;
    }

    static DecoderForm of(Decoder decoder) {
        FormWriter writer = new FormWriter(decoder.rotaries());
        ModelFacts facts = decoder.facts();
        return new DecoderForm(
                new FamilyForm(
                        facts.modelType(),
                        facts.runtimeType(),
                        facts.layers(),
                        facts.stepsPerLayer(),
                        facts.statedContext(),
                        facts.beginTokens(),
                        facts.endTokens()),
                decoder.embedding().scale(),
                decoder.embedding().positions().isPresent(),
                NormForm.of(decoder.finalNorm()),
                orNull(decoder.logitCap()),
                decoder.head().bias().isPresent() ? true : null,
                writer.rotaries.stream().map(Rotary::withOneRange).toList(),
                writer.steps(decoder.steps()));
    }

    private List<List<BranchForm>> steps(List<Step> steps) {
        return steps.stream()
                .map(step -> step.branches().stream().map(this::branch).toList())
                .toList();
    }

    private BranchForm branch(Branch branch) {
        return branch.body().match(new Bodies(branch));
    }

    /** The form of a branch by the kind of its operator. */
    private final class Bodies implements Operator.Cases<BranchForm> {

        private final List<Integer> layers;
        private final @Nullable NormForm in;
        private final @Nullable NormForm out;

        Bodies(Branch branch) {
            this.layers = branch.origin().layers();
            this.in = orNull(branch.in().map(NormForm::of));
            this.out = orNull(branch.out().map(NormForm::of));
        }

        @Override
        public BranchForm attention(Attention attention) {
            return new BranchForm(layers, in, out, form(attention), null, null, null);
        }

        @Override
        public BranchForm feedForward(FeedForward feedForward) {
            return new BranchForm(layers, in, out, null, form(feedForward, Map.of()), null, null);
        }

        @Override
        public BranchForm experts(Experts experts) {
            FeedForwardForm expert = form(experts.experts().get(0), Map.of(TensorNames.ROUTER, experts.router()));
            Routing routing = experts.routing();
            ExpertsForm form = new ExpertsForm(
                    experts.experts().size(),
                    routing.chosen(),
                    routing.normed(),
                    routing.score() == Score.SOFTMAX ? null : routing.score(),
                    routing.correction().isPresent() ? true : null,
                    routing.near().orElse(null),
                    routing.weighsInputs() ? true : null,
                    expert);
            return new BranchForm(layers, in, out, null, null, form, null);
        }

        @Override
        public BranchForm chain(Chain chain) {
            return new BranchForm(layers, in, out, null, null, null, steps(chain.steps()));
        }
    }

    private AttentionForm form(Attention attention) {
        AttentionRule rule = attention.rule();
        Map<String, Linear> projections = new LinkedHashMap<>();
        projections.put(TensorNames.QUERY, attention.query());
        projections.put(TensorNames.KEY, attention.key());
        projections.put(TensorNames.VALUE, attention.value());
        projections.put(TensorNames.OUTPUT, attention.output());
        return new AttentionForm(
                attention.members(),
                rule.headSize(),
                rule.scale(),
                orNull(rule.clip()),
                orNull(rule.cap()),
                orNull(rule.slidingWindow()),
                orNull(rule.chunk()),
                orNull(rule.rotary().map(rotaries::indexOf)),
                orNull(rule.temperature()),
                orNull(attention
                        .norms()
                        .map(both -> new HeadNormForm(
                                both.span(),
                                both.turned() ? true : null,
                                both.query().kind(),
                                both.query().epsilon()))),
                attention.sinks().isPresent() ? true : null,
                biased(projections));
    }

    private static FeedForwardForm form(FeedForward feedForward, Map<String, Linear> others) {
        Map<String, Linear> projections = new LinkedHashMap<>(others);
        feedForward.gate().ifPresent(gate -> projections.put(TensorNames.GATE, gate));
        projections.put(TensorNames.UP, feedForward.up());
        projections.put(TensorNames.DOWN, feedForward.down());
        return new FeedForwardForm(
                feedForward.width(),
                feedForward.gate().isPresent(),
                ActivationForm.of(feedForward.activation()),
                biased(projections));
    }

    private static List<String> biased(Map<String, Linear> projections) {
        List<String> names = new ArrayList<>();
        projections.forEach((name, projection) -> projection.bias().ifPresent(bias -> names.add(name)));
        return names;
    }

    private static <T> @Nullable T orNull(Optional<T> value) {
        return value.orElse(null);
    }
}
