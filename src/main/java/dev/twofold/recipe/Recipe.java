package dev.twofold.recipe;

import com.fasterxml.jackson.databind.JsonNode;
import dev.twofold.decoder.Decoder;
import dev.twofold.layers.LayerWindow;
import dev.twofold.pass.Facts;
import dev.twofold.pass.PassContext;
import dev.twofold.pass.PassSpec;
import dev.twofold.pass.PassSpec.NoOptions;
import dev.twofold.passes.rewrite.FoldNorms;
import dev.twofold.passes.rewrite.PairLayers;
import dev.twofold.passes.rewrite.Widen;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What is asked of the compiler: passes in the order in which they run. Which layers share a group, the type of the weights and the
 * number of devices are options of its passes. The command line and YAML files make recipes, a manifest keeps one, and
 * choosing a plan turns one into another.
 */
public record Recipe(List<PassRequest<?>> passes) {

    public Recipe {
        passes = List.copyOf(passes);
    }

    public static Recipe of(PassRequest<?>... passes) {
        return new Recipe(List.of(passes));
    }

    /** The usual recipe, with pairs of the layers of a window. */
    public static Recipe pairing(LayerWindow window) {
        return of(
                PassRequest.own(PairLayers.SPEC, new PairLayers.Options(null, window, null, null)),
                PassRequest.own(FoldNorms.SPEC, new NoOptions()),
                PassRequest.own(Widen.SPEC, new NoOptions()));
    }

    /** Every request for a pass. */
    public <O extends Record> List<PassRequest<O>> all(PassSpec<O> spec) {
        return passes.stream().flatMap(request -> request.as(spec).stream()).toList();
    }

    /** The first request for a pass. */
    public <O extends Record> Optional<PassRequest<O>> find(PassSpec<O> spec) {
        return all(spec).stream().findFirst();
    }

    public boolean has(PassSpec<?> spec) {
        return !all(spec).isEmpty();
    }

    public Recipe without(PassSpec<?> spec) {
        return new Recipe(
                passes.stream().filter(request -> !request.spec().equals(spec)).toList());
    }

    /** With one more request at a place. */
    public Recipe insert(int place, PassRequest<?> request) {
        List<PassRequest<?>> more = new ArrayList<>(passes);
        more.add(place, request);
        return new Recipe(more);
    }

    /** With one more request after the last for a pass. */
    public Recipe insertAfter(PassSpec<?> spec, PassRequest<?> request) {
        int last = 0;
        for (int i = 0; i < passes.size(); i++) {
            last = passes.get(i).spec().equals(spec) ? i + 1 : last;
        }
        return insert(last, request);
    }

    /** With one more request at the end. */
    public Recipe append(PassRequest<?> request) {
        return insert(passes.size(), request);
    }

    /** With another request in the place of one. */
    public Recipe replace(PassRequest<?> request, PassRequest<?> other) {
        List<PassRequest<?>> changed = new ArrayList<>(passes);
        changed.set(changed.indexOf(request), other);
        return new Recipe(changed);
    }

    /**
     * Checks every pass in order.
     *
     * @throws dev.twofold.diag.TwofoldException that names the pass, its line or option, the reason and what to try
     */
    public CheckedRecipe check(Facts start) {
        return CheckedRecipe.of(this, start);
    }

    /** What it makes of a decoder as a source has it, if every pass of it applies; see {@link #check}. */
    public Decoder apply(Decoder original, PassContext context) {
        return check(Facts.of(original)).run(original, context);
    }

    /** The recipe as a manifest keeps it, and a pipeline's {@code steps} spell it. */
    public List<JsonNode> entries() {
        return passes.stream().map(PassOptions::entry).toList();
    }
}
