package dev.twofold.target.gguf;

import dev.twofold.decoder.Attention;
import dev.twofold.decoder.Branch;
import dev.twofold.decoder.Norm;
import dev.twofold.decoder.Operator;
import dev.twofold.decoder.Step;
import dev.twofold.decoder.StepName;
import dev.twofold.pass.NotApplicable;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * What llama.cpp calls a block: an attention, and then a feed-forward, or both side by side in families that have them so.
 *
 * @param feedForward one feed-forward, or experts
 */
record Block(Branch attention, Branch feedForward) {

    Attention heads() {
        return (Attention) attention.body();
    }

    /** What it reads the stream through. */
    List<Norm> norms() {
        return List.of(attention, feedForward).stream()
                .flatMap(branch -> branch.in().stream())
                .toList();
    }

    /** Why steps are no blocks, if they are none. */
    static Optional<NotApplicable> refusal(List<Step> steps, boolean parallel) {
        for (int i = 0; i < steps.size(); i++) {
            List<Operator.Kind> kinds = kinds(steps.get(i));
            boolean attention = kinds.equals(List.of(Operator.Kind.ATTENTION));
            boolean feedForward = kinds.size() == 1 && isFeedForward(kinds.get(0));
            boolean both = kinds.size() == 2 && kinds.get(0) == Operator.Kind.ATTENTION && isFeedForward(kinds.get(1));
            boolean fits = parallel ? both : i % 2 == 0 ? attention : feedForward;
            if (!fits) {
                return Optional.of(refusal(steps.get(i), kinds, parallel));
            }
        }
        return parallel || steps.size() % 2 == 0
                ? Optional.empty()
                : Optional.of(new NotApplicable("its last block has no feed-forward", Holding.ONNX));
    }

    /** The blocks of steps that are not refused. */
    static List<Block> of(List<Step> steps, boolean parallel) {
        List<Branch> branches =
                steps.stream().flatMap(step -> step.branches().stream()).toList();
        List<Block> blocks = new ArrayList<>();
        for (int i = 0; i < branches.size(); i += 2) {
            blocks.add(new Block(branches.get(i), branches.get(i + 1)));
        }
        return blocks;
    }

    private static List<Operator.Kind> kinds(Step step) {
        return step.branches().stream().map(branch -> branch.body().kind()).toList();
    }

    private static boolean isFeedForward(Operator.Kind kind) {
        return kind == Operator.Kind.FEED_FORWARD || kind == Operator.Kind.EXPERTS;
    }

    /** Why branches of these kinds never become one, if that is so. */
    private static Optional<String> apart(Step step) {
        if (step.branches().stream().anyMatch(branch -> branch.out().isPresent())) {
            return Optional.of("what each adds is normalized by itself");
        }
        if (step.branches().stream()
                .anyMatch(branch -> branch.body() instanceof Attention heads
                        && heads.norms().isPresent())) {
            return Optional.of("each normalizes its queries and keys");
        }
        return step.branches().stream()
                        .anyMatch(branch -> branch.body().mixture().isPresent())
                ? Optional.of("each chooses its experts")
                : Optional.empty();
    }

    private static NotApplicable refusal(Step step, List<Operator.Kind> kinds, boolean parallel) {
        String names = StepName.of(step).stream().map(StepName::toString).collect(Collectors.joining("|"));
        if (kinds.contains(Operator.Kind.CHAIN)) {
            return new NotApplicable(
                    "each layer of " + names + " runs on its own copy of the stream",
                    "leave out --one-sync, or " + Holding.ONNX);
        }
        boolean mixed =
                kinds.contains(Operator.Kind.ATTENTION) && kinds.stream().anyMatch(Block::isFeedForward);
        if (mixed && !parallel) {
            return new NotApplicable(
                    "attention and feed-forward run side by side in the step " + names
                            + ", and every block of llama.cpp has one after the other",
                    apart(step).isPresent()
                            ? Holding.AS_IT_IS
                            : "pair whole layers, such as --pairs 4-5, or " + Holding.ONNX);
        }
        if (kinds.size() > 1 && StepName.of(step).size() == 1) {
            return new NotApplicable(
                    "the experts of " + names
                            + " stand beside one that every token gets, which files of Twofold do not hold",
                    Holding.ONNX);
        }
        if (kinds.size() > 1) {
            return new NotApplicable(
                    "the " + kinds.get(0).plural() + " of " + names + " stay apart"
                            + apart(step).map(why -> ", since " + why).orElse("")
                            + ", and a block of llama.cpp has one",
                    Holding.AS_IT_IS);
        }
        return new NotApplicable(
                "the step " + names + " follows another " + kinds.get(0)
                        + ", and every block of llama.cpp has one of each",
                Holding.ONNX);
    }
}
