package dev.twofold.pipeline;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.util.JsonParserDelegate;
import com.fasterxml.jackson.dataformat.yaml.YAMLParser;
import dev.twofold.diag.Origin;
import dev.twofold.diag.TwofoldException;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * YAML that says what it says: no anchors and aliases, with which a few lines unfold to any size, and no tags, with
 * which a text asks for a type of its own.
 */
final class PlainYaml extends JsonParserDelegate {

    private final String file;
    private final YAMLParser yaml;

    PlainYaml(String file, YAMLParser yaml) {
        super(yaml);
        this.file = file;
        this.yaml = yaml;
    }

    @Override
    public @Nullable JsonToken nextToken() throws IOException {
        JsonToken token = super.nextToken();
        if (yaml.isCurrentAlias() || yaml.getObjectId() != null) {
            throw refused("anchors and aliases are not part of a pipeline").hint("write the value out");
        }
        if (yaml.getTypeId() != null) {
            throw refused("tags are not part of a pipeline")
                    .found(yaml.getTypeId())
                    .hint("write the value without it");
        }
        return token;
    }

    @Override
    public JsonParser skipChildren() throws IOException {
        throw new UnsupportedOperationException("would skip what has to be refused");
    }

    private TwofoldException refused(String what) {
        int line = Math.max(1, yaml.currentTokenLocation().getLineNr());
        return TwofoldException.input(what).at(Origin.line(file, line));
    }
}
