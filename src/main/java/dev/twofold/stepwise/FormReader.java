package dev.twofold.stepwise;

import static java.util.Objects.requireNonNull;

import dev.twofold.decoder.Attention;
import dev.twofold.decoder.AttentionRule;
import dev.twofold.decoder.Branch;
import dev.twofold.decoder.Chain;
import dev.twofold.decoder.Experts;
import dev.twofold.decoder.FeedForward;
import dev.twofold.decoder.HeadScores;
import dev.twofold.decoder.Linear;
import dev.twofold.decoder.Norm;
import dev.twofold.decoder.Operator;
import dev.twofold.decoder.QueryKeyNorm;
import dev.twofold.decoder.Routing;
import dev.twofold.decoder.Step;
import dev.twofold.decoder.Window;
import dev.twofold.diag.Origin;
import dev.twofold.stepwise.BranchForm.AttentionForm;
import dev.twofold.stepwise.BranchForm.ExpertsForm;
import dev.twofold.stepwise.BranchForm.FeedForwardForm;
import dev.twofold.stepwise.BranchForm.HeadNormForm;
import dev.twofold.stepwise.DecoderForm.NormForm;
import dev.twofold.weight.Weight;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The steps that config.json lists, with the tensors of a checkpoint. */
final class FormReader {

    private final DecoderForm form;
    private final Tensors tensors;
    private final long hidden;
    private final String source;

    FormReader(DecoderForm form, Tensors tensors, long hidden, String source) {
        this.form = form;
        this.tensors = tensors;
        this.hidden = hidden;
        this.source = source;
    }

    List<Step> steps() {
        return steps(TensorNames.STEPS, form.steps());
    }

    Norm finalNorm() {
        return norm(TensorNames.FINAL_NORM, form.finalNorm());
    }

    private List<Step> steps(String prefix, List<List<BranchForm>> forms) {
        List<Step> steps = new ArrayList<>();
        for (int step = 0; step < forms.size(); step++) {
            List<Branch> branches = new ArrayList<>();
            for (int branch = 0; branch < forms.get(step).size(); branch++) {
                BranchForm own = forms.get(step).get(branch);
                branches.add(branch(TensorNames.branch(prefix, step, branch), own));
            }
            steps.add(new Step(branches));
        }
        return steps;
    }

    private Branch branch(String prefix, BranchForm own) {
        return new Branch(
                optionalNorm(prefix + TensorNames.NORM, own.norm()),
                body(prefix, own),
                optionalNorm(prefix + TensorNames.OUT_NORM, own.outNorm()),
                new Origin(source, own.layers(), ""));
    }

    private Operator body(String prefix, BranchForm own) {
        if (own.attention() != null) {
            return attention(prefix, own.attention());
        } else if (own.feedForward() != null) {
            return feedForward(prefix, own.feedForward());
        } else if (own.experts() != null) {
            return experts(prefix, own.experts());
        }
        return new Chain(steps(TensorNames.chain(prefix), requireNonNull(own.chain())));
    }

    private Attention attention(String prefix, AttentionForm own) {
        long queries = own.members().stream().mapToLong(Attention.Heads::heads).sum() * own.headDim();
        long keys = own.members().stream().mapToLong(Attention.Heads::kvHeads).sum() * own.headDim();
        AttentionRule rule = new AttentionRule(
                own.headDim(),
                Optional.ofNullable(own.clip()),
                own.scale(),
                Optional.ofNullable(own.cap()),
                Optional.ofNullable(own.slidingWindow())
                        .map(Window::sliding)
                        .or(() -> Optional.ofNullable(own.attentionChunk()).map(Window::chunk)),
                Optional.ofNullable(own.rotary()).map(form.rotaries()::get),
                Optional.ofNullable(own.temperature()));
        List<String> biases = own.biases();
        return new Attention(
                linear(prefix, TensorNames.QUERY, queries, hidden, biases),
                linear(prefix, TensorNames.KEY, keys, hidden, biases),
                linear(prefix, TensorNames.VALUE, keys, hidden, biases),
                linear(prefix, TensorNames.OUTPUT, hidden, queries, biases),
                Optional.ofNullable(own.norms()).map(norms -> norms(prefix, norms, queries, keys)),
                HeadScores.ofSinks(
                        Boolean.TRUE.equals(own.sinks())
                                ? Optional.of(tensors.tensor(prefix + TensorNames.SINKS, queries / own.headDim()))
                                : Optional.empty()),
                rule,
                own.members());
    }

    private QueryKeyNorm norms(String prefix, HeadNormForm own, long queries, long keys) {
        return new QueryKeyNorm(
                own.span(),
                Boolean.TRUE.equals(own.turned()),
                headNorm(prefix + TensorNames.QUERY_NORM, own, queries),
                headNorm(prefix + TensorNames.KEY_NORM, own, keys));
    }

    private Norm headNorm(String module, HeadNormForm own, long size) {
        return new Norm(own.kind(), tensors.tensor(TensorNames.weight(module), size), Optional.empty(), own.epsilon());
    }

    private FeedForward feedForward(String prefix, FeedForwardForm own) {
        return new FeedForward(
                own.gated()
                        ? Optional.of(linear(prefix, TensorNames.GATE, own.width(), hidden, own.biases()))
                        : Optional.empty(),
                linear(prefix, TensorNames.UP, own.width(), hidden, own.biases()),
                linear(prefix, TensorNames.DOWN, hidden, own.width(), own.biases()),
                own.activation().activation(prefix, tensors));
    }

    private Experts experts(String prefix, ExpertsForm own) {
        List<FeedForward> experts = new ArrayList<>();
        for (int number = 0; number < own.count(); number++) {
            experts.add(feedForward(TensorNames.expert(prefix, number), own.expert()));
        }
        Linear router = linear(
                prefix, TensorNames.ROUTER, own.count(), hidden, own.expert().biases());
        Optional<Weight> correction = own.corrected()
                ? Optional.of(tensors.tensor(prefix + TensorNames.CORRECTION, own.count()))
                : Optional.empty();
        Routing routing = new Routing(own.score(), correction, own.chosen(), own.normed())
                .withNear(Optional.ofNullable(own.near()))
                .weighingInputs(Boolean.TRUE.equals(own.weighsInputs()));
        return new Experts(router, experts, routing);
    }

    private Linear linear(String prefix, String name, long outputs, long inputs, List<String> biases) {
        String module = prefix + name;
        return new Linear(
                tensors.tensor(TensorNames.weight(module), outputs, inputs),
                biases.contains(name)
                        ? Optional.of(tensors.tensor(TensorNames.bias(module), outputs))
                        : Optional.empty());
    }

    private Optional<Norm> optionalNorm(String module, @Nullable NormForm own) {
        return Optional.ofNullable(own).map(norm -> norm(module, norm));
    }

    private Norm norm(String module, NormForm own) {
        return new Norm(
                own.kind(),
                tensors.tensor(TensorNames.weight(module), hidden),
                own.bias() ? Optional.of(tensors.tensor(TensorNames.bias(module), hidden)) : Optional.empty(),
                own.epsilon());
    }
}
