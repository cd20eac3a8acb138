package dev.twofold.pipeline;

import com.fasterxml.jackson.databind.JsonNode;
import dev.twofold.decoder.Decoder;
import dev.twofold.diag.NearestName;
import dev.twofold.diag.Progress;
import dev.twofold.diag.TwofoldException;
import dev.twofold.pass.Facts;
import dev.twofold.pass.NotApplicable;
import dev.twofold.pass.Pass;
import dev.twofold.pass.PassContext;
import dev.twofold.pass.PassSpec;
import dev.twofold.pass.Property;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** Passes that fit one another and the model, checked from first to last against simulated facts. */
public record Plan(List<PlannedPass> passes) {

    /**
     * A pass with its options bound.
     *
     * @param entry the pass as an entry of a pipeline's {@code steps}
     * @param after what will hold after it
     */
    public record PlannedPass(PassSpec<?> spec, String origin, JsonNode entry, Pass pass, Facts after) {

        public String name() {
            return spec.name();
        }
    }

    public Plan {
        passes = List.copyOf(passes);
    }

    /**
     * Checks every request in order.
     *
     * @throws TwofoldException that names the pass, its line or option, the reason and what to try
     */
    public static Plan check(List<PassRequest> requests, List<PassSpec<?>> specs, Facts start) {
        List<PlannedPass> planned = new ArrayList<>();
        Facts facts = start;
        for (PassRequest request : requests) {
            PassSpec<?> spec = find(request, specs);
            PlannedPass pass = plan(request, spec, facts);
            planned.add(pass);
            facts = pass.after();
        }
        return new Plan(planned);
    }

    /** @throws TwofoldException if there is no such pass, or it has no such options */
    static void bind(PassRequest request, List<PassSpec<?>> specs) {
        OptionBinder.bind(request, find(request, specs).options());
    }

    private static PassSpec<?> find(PassRequest request, List<PassSpec<?>> specs) {
        List<String> names = specs.stream().<String>map(PassSpec::name).toList();
        return specs.stream()
                .filter(spec -> spec.name().equals(request.name()))
                .findFirst()
                .orElseThrow(() -> TwofoldException.input("unknown pass '" + request.name() + "'")
                        .at(request.origin())
                        .hint(NearestName.hint(request.name(), names))
                        .as(request.blame()));
    }

    private static <O extends Record> PlannedPass plan(PassRequest request, PassSpec<O> spec, Facts facts) {
        O options = OptionBinder.bind(request, spec.options());
        Pass pass = spec.factory().apply(options);
        Set<Property> missing = new TreeSet<>(spec.requires());
        missing.removeAll(facts.properties());
        if (!missing.isEmpty()) {
            throw refused(
                    request,
                    new NotApplicable(
                            "it requires " + describe(missing), "put a pass that establishes it before this one"));
        }
        pass.check(facts).ifPresent(reason -> {
            throw refused(request, reason);
        });
        Facts after = pass.simulate(facts).with(spec.establishes(), spec.removes());
        return new PlannedPass(spec, request.origin(), OptionBinder.entry(spec.name(), options), pass, after);
    }

    private static String describe(Set<Property> properties) {
        return String.join(
                ", ",
                properties.stream()
                        .map(property ->
                                property.name().toLowerCase(Locale.ROOT).replace('_', ' '))
                        .toList());
    }

    private static TwofoldException refused(PassRequest request, NotApplicable reason) {
        return TwofoldException.input("pass " + request.name() + " cannot run: " + reason.reason())
                .at(request.origin())
                .hint(reason.hint())
                .as(request.blame());
    }

    /**
     * A decoder after the passes of this plan that only change its form: what it would be if no layers were rearranged.
     *
     * @return nothing if one of them does not apply to it
     */
    public Optional<Decoder> formOf(Decoder decoder) {
        Facts facts = Facts.of(decoder);
        Decoder formed = decoder;
        for (PlannedPass planned : passes) {
            if (planned.spec().effect() == PassSpec.Effect.EXACT) {
                if (planned.pass().check(facts).isPresent()) {
                    return Optional.empty();
                }
                facts = planned.pass()
                        .simulate(facts)
                        .with(planned.spec().establishes(), planned.spec().removes());
                formed = planned.pass().run(formed, new PassContext(Progress.SILENT));
            }
        }
        return Optional.of(formed);
    }

    /** What holds after the whole plan. */
    public Facts outcome(Facts start) {
        return passes.isEmpty() ? start : passes.get(passes.size() - 1).after();
    }

    /** The plan as a pipeline's {@code steps}. */
    public List<JsonNode> entries() {
        return passes.stream().map(PlannedPass::entry).toList();
    }
}
