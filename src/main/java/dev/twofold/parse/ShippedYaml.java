package dev.twofold.parse;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * YAML files of one kind that come with Twofold.
 *
 * @param kind what a file describes, such as {@code "a model family"}
 * @param folder where they are among the resources, such as {@code "/dev/twofold/families/"}
 * @param names of the files, without their extension
 */
public record ShippedYaml(String kind, String folder, List<String> names) {

    public ShippedYaml {
        names = List.copyOf(names);
    }

    /** The text of the file of this name. */
    String text(String name) {
        return resource(folder + name + ".yaml");
    }

    /**
     * The text of a resource.
     *
     * @throws IllegalStateException if Twofold's jar lacks it
     */
    public static String resource(String path) {
        try (InputStream in = ShippedYaml.class.getResourceAsStream(path)) {
            if (in == null) {
                throw new IllegalStateException("the jar lacks " + path);
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new IllegalStateException("reading " + path, e);
        }
    }
}
