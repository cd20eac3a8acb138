package dev.twofold.passes.quantize;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.twofold.diag.TwofoldException;
import dev.twofold.parse.PlainYaml;
import dev.twofold.parse.RecordYaml;
import dev.twofold.parse.ShippedYaml;
import java.util.List;

/** Reads a {@link Mix} from YAML. A file may be like one that comes with Twofold, as {@link RecordYaml} says. */
public final class MixFile {

    /** Every matrix alike. */
    public static final String PLAIN = "plain";

    private static final ObjectMapper MAPPER = JsonMapper.builder(PlainYaml.FACTORY)
            .propertyNamingStrategy(PropertyNamingStrategies.KEBAB_CASE)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(DeserializationFeature.READ_ENUMS_USING_TO_STRING)
            .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
            .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
            .build();

    private static final RecordYaml<Mix> READER = new RecordYaml<>(
            Mix.class, MAPPER, new ShippedYaml("a mix", "/dev/twofold/mixes/", List.of(PLAIN, "mixed")));

    private MixFile() {}

    /** Names of those that come with Twofold. */
    public static List<String> names() {
        return READER.files().names();
    }

    /** The one that comes with Twofold under this name. */
    public static Mix shipped(String name) {
        return READER.shipped(name);
    }

    /**
     * What a user's file says.
     *
     * @param file what to call the text in messages
     * @throws TwofoldException of kind INPUT that names the file, and the line or the key that is wrong
     */
    public static Mix parse(String file, String text) {
        return READER.read(file, text);
    }
}
