package dev.twofold.family;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.twofold.diag.NearestName;
import dev.twofold.diag.Origin;
import dev.twofold.diag.TwofoldException;
import dev.twofold.disk.TextFile;
import dev.twofold.parse.PlainYaml;
import dev.twofold.parse.RecordYaml;
import dev.twofold.parse.ShippedYaml;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** The families that Twofold knows, and how their files are read. */
public final class Families {

    /** Where the files are among the resources; {@code index.yaml} lists them, {@code common.yaml} holds what all share. */
    public static final String RESOURCES = "/dev/twofold/families/";

    /** A file of this name in a checkpoint describes its family. */
    public static final String OWN = "twofold-family.yaml";

    /** The next thing to do where what a model computes cannot be described. */
    public static final String NO_FILE_WILL_DO = "use another model, or open an issue that asks for this kind";

    /** Letters that names of relatives have in common; the first three of gpt and glm would say nothing. */
    private static final int ALIKE = 4;

    /** Files that others name. */
    private static final List<String> VARIANTS = List.of("falcon-40b", "falcon-rw");

    private static final ObjectMapper MAPPER = new ObjectMapper(PlainYaml.FACTORY)
            .setPropertyNamingStrategy(PropertyNamingStrategies.KEBAB_CASE)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(DeserializationFeature.READ_ENUMS_USING_TO_STRING)
            .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES);

    private Families() {}

    /**
     * What every family shares.
     *
     * @param harmless keys that describe training, files or the library, not the computation
     * @param refused keys that change what a decoder computes
     */
    public record Common(List<String> harmless, Map<String, Family.Refusal> refused) {}

    public static Common common() {
        return resource("common", new TypeReference<Common>() {});
    }

    /** What transformers reads. */
    public static ClassKeys classKeys() {
        return resource("transformers", new TypeReference<ClassKeys>() {});
    }

    /** Models of more than text whose language model alone can be read. */
    public static TextParts textParts() {
        return resource("text-parts", new TypeReference<TextParts>() {});
    }

    /**
     * The description of a model of some family, or of the variant of it that a configuration speaks of.
     *
     * @param isSet whether config.json sets a flag
     */
    public static Family find(String modelType, Origin origin, Predicate<String> isSet) {
        Family family = find(modelType, origin);
        return family.variants().stream()
                .filter(variant -> isSet.test(variant.flag()))
                .findFirst()
                .map(variant -> reader().shipped(variant.file()))
                .orElse(family);
    }

    /** The file of every model type, in the order in which documents list them. */
    private static Map<String, String> index() {
        return resource("index", new TypeReference<LinkedHashMap<String, String>>() {});
    }

    private static List<String> files() {
        return Stream.concat(index().values().stream(), VARIANTS.stream()).toList();
    }

    private static RecordYaml<Family> reader() {
        return new RecordYaml<>(Family.class, MAPPER, new ShippedYaml("a model family", RESOURCES, files()));
    }

    /** Every shipped family by model type, in that order. */
    public static Map<String, Family> shipped() {
        RecordYaml<Family> reader = reader();
        Map<String, Family> families = new LinkedHashMap<>();
        index().forEach((modelType, file) -> families.put(modelType, reader.shipped(file)));
        return families;
    }

    /** Name of the file of a model type, without its extension. */
    public static String file(String modelType) {
        return index().getOrDefault(modelType, "");
    }

    /**
     * The family that a checkpoint describes itself.
     *
     * @param file holds the text
     * @throws TwofoldException of kind INPUT that names the file, and the line or the key that is wrong
     */
    public static Family parse(Path file, String text) {
        return reader().read(file.toString(), text);
    }

    /** What a model of a type that has no file computes that no file can say, if that is known. */
    public static Optional<String> unread(String modelType) {
        Map<String, List<String>> typesByReason = resource("unread", new TypeReference<Map<String, List<String>>>() {});
        return typesByReason.entrySet().stream()
                .filter(entry -> entry.getValue().contains(modelType))
                .map(Map.Entry::getKey)
                .findFirst();
    }

    /** @throws TwofoldException of kind INPUT that says what stands in the way, or names the nearest family and the file to write */
    public static Family find(String modelType, Origin origin) {
        Map<String, String> index = index();
        String file = index.get(modelType);
        Optional<String> reason = unread(modelType);
        if (file == null && reason.isPresent()) {
            throw TwofoldException.input("a model of a kind that is not read: " + reason.get())
                    .at(origin)
                    .found(modelType)
                    .expected("one of " + String.join(", ", index.keySet()))
                    .hint(NO_FILE_WILL_DO);
        }
        if (file == null) {
            String near = relative(modelType, index.keySet());
            throw TwofoldException.input("unknown model family")
                    .at(origin)
                    .found(modelType)
                    .expected("one of " + String.join(", ", index.keySet()))
                    .hint("if it computes what " + near + " does, put a file " + OWN
                            + " into the checkpoint that says 'like: " + index.get(near)
                            + "' and what differs");
        }
        return reader().shipped(file);
    }

    /**
     * A family that comes with Twofold, with what differs from it.
     *
     * @param differences in the keys of its file
     */
    public static Family differing(String modelType, ObjectNode differences) {
        return reader().differing(file(modelType), differences);
    }

    /** The nearest name of those that begin alike; most families differ little from Llama. */
    private static String relative(String modelType, Set<String> known) {
        List<String> alike = known.stream()
                .filter(name -> name.regionMatches(0, modelType, 0, ALIKE) && name.length() >= ALIKE)
                .toList();
        return alike.isEmpty() ? "llama" : NearestName.nearest(modelType, alike);
    }

    private static <T> T resource(String name, TypeReference<T> type) {
        String path = RESOURCES + name + ".yaml";
        try {
            return MAPPER.readValue(TextFile.shipped(path), type);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("malformed resource " + path, e);
        }
    }
}
