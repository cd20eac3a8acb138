package dev.twofold.pipeline;

import com.fasterxml.jackson.databind.JsonNode;
import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.DecoderVerifier;
import dev.twofold.diag.Progress;
import dev.twofold.diag.TwofoldException;
import dev.twofold.pass.PassContext;
import dev.twofold.pass.PassSpec.NoOptions;
import dev.twofold.passes.quantize.Balance;
import dev.twofold.passes.quantize.Quantize;
import dev.twofold.passes.rewrite.CastWeights;
import dev.twofold.recipe.PassRequest;
import dev.twofold.recipe.Recipe;
import dev.twofold.report.Manifest;
import dev.twofold.target.onnx.OnnxTarget;
import dev.twofold.target.onnx.WebTarget;
import dev.twofold.target.onnx.WebType;
import dev.twofold.tensor.Precision;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/** The passes that make of one model those of every type that transformers.js is to have. */
public final class WebForms {

    private WebForms() {}

    /** A target that writes a decoder in fp32 in each of these types, or one that is of the only type as it is. */
    public static WebTarget target(OnnxTarget graphs, List<WebType> types) {
        return new WebTarget(graphs, types, WebForms::round);
    }

    private static Decoder round(WebType type, Decoder decoder) {
        PassContext context = new PassContext(Progress.SILENT);
        Decoder rounded = decoder;
        for (PassRequest<?> request : passes(type).passes()) {
            rounded = run(request, rounded, context);
        }
        DecoderVerifier.verify(rounded);
        return rounded;
    }

    private static <O extends Record> Decoder run(PassRequest<O> request, Decoder decoder, PassContext context) {
        return request.spec().factory().apply(request.options()).run(decoder, context);
    }

    /** What comes after the recipe that all types have in common. */
    private static Recipe passes(WebType type) {
        List<PassRequest<?>> passes = new ArrayList<>();
        if (type.precision() != Precision.FP32) {
            passes.add(PassRequest.own(CastWeights.SPEC, new CastWeights.Options(type.precision())));
        }
        if (type.bits().isPresent()) {
            passes.add(PassRequest.own(Balance.SPEC, new NoOptions()));
            passes.add(PassRequest.own(Quantize.SPEC, blocks(type)));
        }
        return new Recipe(passes);
    }

    private static Quantize.Options blocks(WebType type) {
        return new Quantize.Options(type.bits().orElseThrow(), null, null, null, null);
    }

    /**
     * The types of an output, in the order in which they were written; none if it is one model, laid out otherwise.
     *
     * @throws TwofoldException of kind INPUT if this version does not know one
     */
    static List<WebType> types(Manifest manifest, Object place) {
        Manifest.Emission emission = manifest.emission();
        String types = emission.option(WebTarget.TYPES);
        Optional<List<WebType>> named = WebTarget.named(emission.option(WebTarget.LAYOUT), types);
        if (named.filter(List::isEmpty).isPresent()) {
            throw TwofoldException.input("this version of Twofold does not know all types of the manifest")
                    .at(String.valueOf(place))
                    .found(types)
                    .expected(List.of(WebType.values()));
        }
        return named.orElse(List.of());
    }

    /** The manifest of one model of an output, as if it had been converted alone. */
    static Manifest alone(Manifest manifest, WebType type) {
        Manifest.Emission emission = manifest.emission();
        boolean plain = emission.blocks().isEmpty() && emission.dtype().equals(Precision.FP32.toString());
        if (!plain || WebType.of(Precision.FP32, OptionalInt.empty()).equals(Optional.of(type))) {
            return manifest;
        }
        List<JsonNode> plan = new ArrayList<>(manifest.plan());
        plan.addAll(passes(type).entries());
        Map<String, String> settings = new LinkedHashMap<>(emission.settings());
        settings.put("dtype", type.precision().toString());
        if (type.bits().isPresent()) {
            settings.put("blocks", blocks(type).blocks(type.precision()).toString());
        }
        return manifest.of(plan, new Manifest.Emission(settings));
    }
}
