package dev.twofold.parse;

import dev.twofold.disk.TextFile;
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
        return TextFile.shipped(folder + name + ".yaml");
    }
}
