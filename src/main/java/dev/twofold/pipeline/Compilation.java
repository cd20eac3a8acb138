package dev.twofold.pipeline;

import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.StepName;
import dev.twofold.diag.TwofoldException;
import dev.twofold.inspection.ChosenPlan;
import dev.twofold.inspection.FitSession.Fits;
import dev.twofold.layers.KeptApart;
import dev.twofold.layers.StepRange;
import dev.twofold.pass.Facts;
import dev.twofold.recipe.CheckedRecipe;
import dev.twofold.recipe.TextFits;
import dev.twofold.report.Manifest;
import dev.twofold.source.Source;
import dev.twofold.target.Part;
import dev.twofold.target.Preview;
import dev.twofold.target.Target;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What a recipe made of a source, before it is written.
 *
 * @param decoder after all passes, before it is cut
 * @param rank the only device to write for; all if empty
 * @param chosen the plan, if it was chosen by measuring
 * @param fits what was refitted, if anything was
 */
public record Compilation(
        Source source,
        CheckedRecipe recipe,
        Decoder decoder,
        Target target,
        Optional<Integer> rank,
        Optional<ChosenPlan> chosen,
        Optional<Fits> fits) {

    /** What is going to be written: the whole model, or one for each device. */
    public List<Part> parts() {
        return parts(target, decoder, rank);
    }

    static List<Part> parts(Target target, Decoder decoder, Optional<Integer> only) {
        List<Part> parts = target.parts(decoder);
        if (only.isEmpty()) {
            return parts;
        }
        List<Part> own = parts.stream().filter(part -> part.rank().equals(only)).toList();
        if (own.isEmpty()) {
            boolean whole = parts.size() == 1;
            throw TwofoldException.usage("there is no rank " + only.get() + " to compile")
                    .found(whole ? "one model for all devices" : parts.size() + " devices")
                    .expected(whole ? "--devices N with --rank" : "0 to " + (parts.size() - 1));
        }
        return own;
    }

    public List<Preview> previews() {
        return parts().stream().map(target::preview).toList();
    }

    /** The source in the same form, cut the same way, with its layers as they were; empty if it cannot be. */
    Optional<Decoder> unpaired() {
        Facts facts = Facts.of(source.decoder());
        return new TextFits(recipe.recipe()).without().check(facts).formOf(source.decoder());
    }

    /** What a sharded model asks of its devices. */
    public Optional<ShardingCost> cost() {
        return decoder.sharding().map(cut -> ShardingCost.of(decoder, target));
    }

    /** The same of the source as it was, if it can be cut so. */
    public Optional<ShardingCost> unpairedCost() {
        return unpaired().map(before -> ShardingCost.of(before, target));
    }

    /** What widening could not merge. */
    public List<KeptApart> keptApart() {
        return KeptApart.in(decoder);
    }

    /** Which layers and steps run side by side, as people read it: {@code 4-5 6A|6F}. */
    public List<String> sideBySide() {
        Facts outcome = recipe.outcome(Facts.of(source.decoder()));
        return Stream.concat(
                        outcome.parallelGroups().stream().map(Compilation::describe),
                        outcome.groups().stream()
                                .filter(group -> group.arrangement() == Facts.Arrangement.MERGED)
                                .flatMap(group -> group.steps().stream())
                                .filter(step -> step.size() > 1)
                                .map(step ->
                                        step.stream().map(StepName::toString).collect(Collectors.joining("|"))))
                .toList();
    }

    /** A range as {@code --pairs} takes it; layers that only became neighbours as {@code 6+9}. */
    private static String describe(List<Integer> group) {
        int first = group.get(0);
        int last = group.get(group.size() - 1);
        boolean range = last - first == group.size() - 1;
        return range ? first + "-" + last : group.stream().map(String::valueOf).collect(Collectors.joining("+"));
    }

    /** All-reduces a token of the source as it is, when it is sharded the same way. */
    public int unpairedReduces() {
        return source.decoder().allReduces()
                + decoder.allReduces()
                - decoder.steps().size();
    }

    /** What the compiled model is. */
    public Manifest.Model model() {
        Facts outcome = recipe.outcome(Facts.of(source.decoder()));
        return new Manifest.Model(
                decoder.facts().layers(),
                decoder.effectiveDepth(),
                outcome.parallelGroups(),
                outcome.merges().stream().map(StepRange::toString).toList(),
                decoder.allReduces(),
                target.contextLength(decoder),
                decoder.facts().vocabularySize(),
                decoder.facts().endTokens());
    }
}
