package dev.twofold.gguf;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import dev.twofold.disk.TextFile;
import dev.twofold.parse.PlainYaml;
import dev.twofold.parse.RecordYaml;
import dev.twofold.parse.ShippedYaml;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** The architectures that Twofold knows. */
public final class Architectures {

    /** Where the files are among the resources; {@code index.yaml} lists them. */
    private static final String RESOURCES = "/dev/twofold/gguf/";

    private static final ObjectMapper MAPPER = new ObjectMapper(PlainYaml.FACTORY)
            .setPropertyNamingStrategy(PropertyNamingStrategies.KEBAB_CASE)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES);

    private static final List<String> VARIANTS = List.of("mixtral", "olmo3");

    private Architectures() {}

    /** The file of every architecture, in the order in which documents list them. */
    public static Map<String, String> index() {
        try {
            return MAPPER.readValue(
                    TextFile.shipped(RESOURCES + "index.yaml"), new TypeReference<LinkedHashMap<String, String>>() {});
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("malformed resource " + RESOURCES + "index.yaml", e);
        }
    }

    /** What a file says. */
    public static Architecture file(String name) {
        List<String> names = new ArrayList<>(index().values());
        names.addAll(VARIANTS);
        return new RecordYaml<>(
                        Architecture.class, MAPPER, new ShippedYaml("an architecture of GGUF", RESOURCES, names))
                .shipped(name);
    }

    /** Every file, variants after the others. */
    public static List<Architecture> all() {
        return Stream.concat(index().values().stream(), VARIANTS.stream())
                .map(Architectures::file)
                .toList();
    }

    /** What each name stands for: the file of the architecture, and those of its variants. */
    public static Map<String, List<Architecture>> byName() {
        Map<String, List<Architecture>> byName = new LinkedHashMap<>();
        index().forEach((name, file) -> {
            Architecture architecture = file(file);
            Stream<Architecture> variants =
                    architecture.variants().values().stream().sorted().map(Architectures::file);
            byName.put(name, Stream.concat(Stream.of(architecture), variants).toList());
        });
        return byName;
    }

    /** The architecture of a name, if it is known. */
    public static Optional<Architecture> named(String architecture) {
        return Optional.ofNullable(index().get(architecture)).map(Architectures::file);
    }
}
