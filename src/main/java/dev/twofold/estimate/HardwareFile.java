package dev.twofold.estimate;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import dev.twofold.diag.NearestName;
import dev.twofold.diag.Origin;
import dev.twofold.diag.TwofoldException;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Reads {@link Hardware} from YAML. Every figure is {@code {value: 2039, source: where it is from}}. */
public final class HardwareFile {

    private static final ObjectMapper MAPPER = JsonMapper.builder(YAMLFactory.builder()
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    .build())
            .propertyNamingStrategy(PropertyNamingStrategies.KEBAB_CASE)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES)
            .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
            .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
            .build();

    /** Advice to those who call Jackson. */
    private static final String OF_THE_LIBRARY = " \\((index|but might).*|[;,] `Deserialization.*";

    private HardwareFile() {}

    /**
     * @param file what to call the text in messages
     * @throws TwofoldException of kind INPUT that names file, line and key
     */
    public static Hardware parse(String file, String text) {
        try {
            return MAPPER.readValue(text, Hardware.class);
        } catch (UnrecognizedPropertyException e) {
            List<String> known = e.getKnownPropertyIds().stream()
                    .map(String::valueOf)
                    .sorted()
                    .toList();
            throw refused(file, e, "unknown key '" + e.getPropertyName() + "'")
                    .hint(NearestName.hint(e.getPropertyName(), known));
        } catch (JsonMappingException e) {
            throw refused(file, e, e.getPath().isEmpty() ? "not a profile of hardware" : "wrong value for " + path(e))
                    .found(reason(e))
                    .hint("see the profiles that come with Twofold");
        } catch (JsonProcessingException e) {
            throw refused(file, e, "not valid YAML").found(firstLine(e.getOriginalMessage()));
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

    private static String reason(JsonMappingException e) {
        Throwable cause = e.getCause();
        return firstLine(cause instanceof IllegalArgumentException ? cause.getMessage() : e.getOriginalMessage())
                .replaceAll(OF_THE_LIBRARY, "");
    }

    private static String firstLine(@Nullable String text) {
        return String.valueOf(text).lines().findFirst().orElse("");
    }
}
