package dev.twofold.pipeline;

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
import dev.twofold.layers.LayerRange;
import dev.twofold.layers.LayerWindow;
import dev.twofold.measure.LossLimit;
import dev.twofold.pass.MemorySize;
import java.util.Arrays;
import java.util.List;

/** Binds the options of a pass to its record, and back. Numbers are not guessed from text, or text from numbers. */
final class OptionBinder {

    private static final JsonMapper MAPPER = JsonMapper.builder()
            .enable(DeserializationFeature.READ_ENUMS_USING_TO_STRING)
            .enable(SerializationFeature.WRITE_ENUMS_USING_TO_STRING)
            .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
            .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
            .defaultSetterInfo(JsonSetter.Value.forContentNulls(Nulls.FAIL))
            .serializationInclusion(JsonInclude.Include.NON_NULL)
            .addModule(new SimpleModule()
                    .addSerializer(LayerRange.class, ToStringSerializer.instance)
                    .addSerializer(MemorySize.class, ToStringSerializer.instance)
                    .addSerializer(LossLimit.class, ToStringSerializer.instance)
                    .addSerializer(LayerWindow.class, ToStringSerializer.instance))
            .build();

    private OptionBinder() {}

    /** @throws TwofoldException that names the option, what was found and what would do */
    static <O extends Record> O bind(PassRequest request, Class<O> type) {
        try {
            return MAPPER.treeToValue(request.options(), type);
        } catch (UnrecognizedPropertyException e) {
            List<String> known = Arrays.stream(type.getRecordComponents())
                    .map(component -> component.getName())
                    .toList();
            throw refused(request, "has no option '" + e.getPropertyName() + "'")
                    .expected(known.isEmpty() ? "no options" : String.join(", ", known))
                    .hint(NearestName.hint(e.getPropertyName(), known))
                    .cause(e);
        } catch (InvalidFormatException e) {
            boolean choice = e.getTargetType().isEnum();
            throw refused(request, "has a wrong value for '" + path(e) + "'")
                    .found(e.getValue())
                    .expected(
                            choice
                                    ? Arrays.toString(e.getTargetType().getEnumConstants())
                                    : e.getTargetType().getSimpleName())
                    .cause(e);
        } catch (JsonMappingException e) {
            String reason =
                    e.getCause() == null ? e.getOriginalMessage() : e.getCause().getMessage();
            throw refused(request, "has a wrong value for '" + path(e) + "'")
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

    private static TwofoldException refused(PassRequest request, String what) {
        return TwofoldException.input("pass " + request.name() + " " + what)
                .at(request.origin())
                .as(request.blame());
    }

    /** A pass as an entry of a pipeline's {@code steps}. */
    static JsonNode entry(String name, Record options) {
        JsonNode bound = MAPPER.valueToTree(options);
        ObjectNode entry = MAPPER.createObjectNode();
        entry.set(name, bound);
        return entry;
    }
}
