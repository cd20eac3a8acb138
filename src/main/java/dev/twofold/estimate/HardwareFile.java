package dev.twofold.estimate;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.twofold.diag.Origin;
import dev.twofold.diag.TwofoldException;
import dev.twofold.parse.PlainYaml;
import java.util.stream.Collectors;

/** Reads {@link Hardware} from YAML. Every figure is {@code {value: 2039, source: where it is from}}. */
public final class HardwareFile {

    private static final ObjectMapper MAPPER = JsonMapper.builder(PlainYaml.FACTORY)
            .propertyNamingStrategy(PropertyNamingStrategies.KEBAB_CASE)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES)
            .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
            .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
            .build();

    private HardwareFile() {}

    /**
     * @param file what to call the text in messages
     * @throws TwofoldException of kind INPUT that names file, line and key
     */
    public static Hardware parse(String file, String text) {
        try {
            return PlainYaml.read(MAPPER, file, text, Hardware.class);
        } catch (JsonMappingException e) {
            throw refused(file, e, e.getPath().isEmpty() ? "not a profile of hardware" : "wrong value for " + path(e))
                    .found(PlainYaml.reason(e))
                    .hint("see the profiles that come with Twofold");
        } catch (JsonProcessingException e) {
            throw PlainYaml.invalid(file, e);
        }
    }

    private static TwofoldException refused(String file, JsonProcessingException e, String what) {
        JsonLocation location = e.getLocation();
        int line = location == null ? 1 : Math.max(1, location.getLineNr());
        return TwofoldException.input(what).at(Origin.line(file, line)).cause(e);
    }

    private static String path(JsonMappingException e) {
        return e.getPath().stream()
                .map(part -> part.getFieldName() == null ? String.valueOf(part.getIndex()) : part.getFieldName())
                .collect(Collectors.joining("."));
    }
}
