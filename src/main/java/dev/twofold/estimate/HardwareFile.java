package dev.twofold.estimate;

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

/**
 * Reads {@link Hardware} from YAML. Every figure is {@code {value: 2039, source: where it is from}}. A file may say
 * {@code like: h100-sxm} and hold only what differs from what comes with Twofold under that name, as {@link RecordYaml}
 * says; a figure that differs should bring its own source.
 */
public final class HardwareFile {

    private static final ObjectMapper MAPPER = JsonMapper.builder(PlainYaml.FACTORY)
            .propertyNamingStrategy(PropertyNamingStrategies.KEBAB_CASE)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES)
            .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
            .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
            .build();

    private static final RecordYaml<Hardware> READER = new RecordYaml<>(
            Hardware.class,
            MAPPER,
            new ShippedYaml(
                    "hardware",
                    "/dev/twofold/hardware/",
                    List.of(
                            "a100-sxm-80gb",
                            "a100-pcie-80gb",
                            "a100-pcie-80gb-100gbe",
                            "a100-pcie-80gb-25gbe",
                            "h100-sxm",
                            "h100-pcie",
                            "h200-sxm")));

    private HardwareFile() {}

    /** Names of what comes with Twofold. */
    public static List<String> names() {
        return READER.files().names();
    }

    /** What comes with Twofold under this name. */
    public static Hardware shipped(String name) {
        return READER.shipped(name);
    }

    /**
     * What a user's file says.
     *
     * @param file what to call the text in messages
     * @throws TwofoldException of kind INPUT that names the file, and the line or the key that is wrong
     */
    public static Hardware parse(String file, String text) {
        return READER.read(file, text);
    }
}
