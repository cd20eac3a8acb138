package dev.twofold.recipe;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonSetter;
import com.fasterxml.jackson.annotation.Nulls;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.exc.InvalidFormatException;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.ser.std.ToStringSerializer;
import dev.twofold.diag.NearestName;
import dev.twofold.diag.TwofoldException;
import dev.twofold.diag.TwofoldException.Kind;
import dev.twofold.layers.LayerRange;
import dev.twofold.layers.LayerWindow;
import dev.twofold.layers.StepRange;
import dev.twofold.measure.LossLimit;
import dev.twofold.pass.MemorySize;
import dev.twofold.pass.PassSpec;
import dev.twofold.passes.ShippedPasses;
import java.util.Arrays;
import java.util.List;

/**
 * Passes as YAML files and manifests spell them: their options as records, and back. Numbers are not guessed from text, or
 * text from numbers.
 */
public final class PassOptions {

    private static final JsonMapper MAPPER = JsonMapper.builder()
            .enable(DeserializationFeature.READ_ENUMS_USING_TO_STRING)
            .enable(SerializationFeature.WRITE_ENUMS_USING_TO_STRING)
            .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
            .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
            .defaultSetterInfo(JsonSetter.Value.forContentNulls(Nulls.FAIL))
            .serializationInclusion(JsonInclude.Include.NON_NULL)
            .addModule(new SimpleModule()
                    .addSerializer(LayerRange.class, ToStringSerializer.instance)
                    .addSerializer(StepRange.class, ToStringSerializer.instance)
                    .addSerializer(MemorySize.class, ToStringSerializer.instance)
                    .addSerializer(LossLimit.class, ToStringSerializer.instance)
                    .addSerializer(LayerWindow.class, ToStringSerializer.instance))
            .build();

    private PassOptions() {}

    /** Where options were written. */
    private record Place(String pass, String origin, Kind blame) {

        TwofoldException refused(String what) {
            return TwofoldException.input("pass " + pass + " " + what)
                    .at(origin)
                    .as(blame);
        }
    }

    /**
     * A request for a pass by its name.
     *
     * @throws TwofoldException if there is no such pass, or it has no such options
     */
    static PassRequest<?> request(String name, ObjectNode options, String origin, Kind blame) {
        return request(find(name, origin, blame), options, origin, blame);
    }

    private static <O extends Record> PassRequest<O> request(
            PassSpec<O> spec, ObjectNode options, String origin, Kind blame) {
        O bound = bind(options, spec.options(), new Place(spec.name(), origin, blame));
        return new PassRequest<>(spec, bound, origin, blame);
    }

    private static PassSpec<?> find(String name, String origin, Kind blame) {
        List<String> names =
                ShippedPasses.ALL.stream().<String>map(PassSpec::name).toList();
        return ShippedPasses.ALL.stream()
                .filter(spec -> spec.name().equals(name))
                .findFirst()
                .orElseThrow(() -> TwofoldException.input("unknown pass '" + name + "'")
                        .at(origin)
                        .hint(NearestName.hint(name, names))
                        .as(blame));
    }

    /** What a pass is told that is told nothing. */
    static <O extends Record> O none(PassSpec<O> spec) {
        return bind(MAPPER.createObjectNode(), spec.options(), new Place(spec.name(), "", Kind.INPUT));
    }

    private static <O extends Record> O bind(ObjectNode options, Class<O> type, Place place) {
        try {
            return MAPPER.treeToValue(options, type);
        } catch (UnrecognizedPropertyException e) {
            List<String> known = Arrays.stream(type.getRecordComponents())
                    .map(component -> component.getName())
                    .toList();
            throw place.refused("has no option '" + e.getPropertyName() + "'")
                    .expected(known.isEmpty() ? "no options" : String.join(", ", known))
                    .hint(NearestName.hint(e.getPropertyName(), known))
                    .cause(e);
        } catch (InvalidFormatException e) {
            boolean choice = e.getTargetType().isEnum();
            throw place.refused("has a wrong value for '" + path(e) + "'")
                    .found(e.getValue())
                    .expected(
                            choice
                                    ? Arrays.toString(e.getTargetType().getEnumConstants())
                                    : e.getTargetType().getSimpleName())
                    .cause(e);
        } catch (JsonMappingException e) {
            String reason =
                    e.getCause() == null ? e.getOriginalMessage() : e.getCause().getMessage();
            throw place.refused("has a wrong value for '" + path(e) + "'")
                    .found(String.valueOf(reason).lines().findFirst().orElse(""))
                    .cause(e);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("binding from memory", e);
        }
    }

    private static String path(JsonMappingException e) {
        return e.getPath().stream()
                .map(part -> part.getFieldName() == null ? "[" + part.getIndex() + "]" : part.getFieldName())
                .reduce("", (a, b) -> a.isEmpty() || b.startsWith("[") ? a + b : a + "." + b);
    }

    /** A request as an entry of a pipeline's {@code steps}. */
    static JsonNode entry(PassRequest<?> request) {
        ObjectNode entry = MAPPER.createObjectNode();
        entry.set(request.name(), MAPPER.valueToTree(request.options()));
        return entry;
    }
}
