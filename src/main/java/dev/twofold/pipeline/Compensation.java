package dev.twofold.pipeline;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.twofold.diag.TwofoldException;
import dev.twofold.measure.TextWindows;
import dev.twofold.passes.compensate.Compensate;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The calibration text of a plan's {@code compensate}. */
public final class Compensation {

    private static final String NAME = Compensate.SPEC.name();

    private Compensation() {}

    /** The options of the plan's {@code compensate}, if it has one. */
    public static Optional<Compensate.Options> in(Plan plan) {
        return plan.passes().stream()
                .filter(planned -> planned.pass() instanceof Compensate)
                .map(planned -> ((Compensate) planned.pass()).options())
                .findFirst();
    }

    /**
     * The requests, with the text that was found in place of the one asked for, and what it is fitted on.
     *
     * @throws TwofoldException of kind INPUT if another text was asked for
     */
    public static List<PassRequest> with(TextWindows text, String provider, List<PassRequest> requests) {
        String hash = TokenHash.of(text);
        List<PassRequest> resolved = new ArrayList<>();
        for (PassRequest request : requests) {
            if (request.name().equals(NAME)) {
                ObjectNode options = request.options().deepCopy();
                requireSame(
                        options.path("text").asText(hash),
                        hash,
                        request.origin(),
                        "give the text that the pipeline names with --text");
                options.put("text", hash).put("tokens", text.tokens()).put("provider", provider);
                resolved.add(new PassRequest(NAME, options, request.origin(), request.blame()));
            } else {
                resolved.add(request);
            }
        }
        return resolved;
    }

    public static boolean isIn(List<PassRequest> requests) {
        return requests.stream().anyMatch(request -> request.name().equals(NAME));
    }

    /** The requests without compensation. */
    public static List<PassRequest> without(List<PassRequest> requests) {
        return requests.stream().filter(request -> !request.name().equals(NAME)).toList();
    }

    /** @throws TwofoldException of kind INPUT if a text is not the one that was fitted to */
    public static void requireSame(String asked, String found, String origin, String hint) {
        if (!asked.equals(found)) {
            throw TwofoldException.input("the model was compensated on another text")
                    .at(origin)
                    .found("tokens of SHA-256 " + found)
                    .expected(asked)
                    .hint(hint);
        }
    }
}
