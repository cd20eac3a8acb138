package dev.twofold.tokenizer;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.PrettyPrinter;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.core.util.MinimalPrettyPrinter;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.hubspot.jinjava.Jinjava;
import com.hubspot.jinjava.JinjavaConfig;
import com.hubspot.jinjava.LegacyOverrides;
import com.hubspot.jinjava.el.JinjavaInterpreterResolver;
import com.hubspot.jinjava.interpret.Context;
import com.hubspot.jinjava.interpret.InterpretException;
import com.hubspot.jinjava.interpret.JinjavaInterpreter;
import com.hubspot.jinjava.interpret.RenderResult;
import com.hubspot.jinjava.interpret.TemplateError;
import com.hubspot.jinjava.lib.filter.Filter;
import com.hubspot.jinjava.lib.fn.ELFunctionDefinition;
import com.hubspot.jinjava.lib.tag.ForTag;
import com.hubspot.jinjava.lib.tag.Tag;
import com.hubspot.jinjava.tree.TagNode;
import com.hubspot.jinjava.tree.parse.TagToken;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.commons.lang3.tuple.Pair;

/**
 * Renders chat templates, which are Jinja as Python has it, by the library Jinjava. It is made to do what Python does where
 * templates depend on that; whatever it does not know is an error, never a gap in the text.
 */
final class ChatTemplate {

    private static final ObjectMapper JSON = new ObjectMapper();

    /** Characters; conversations of people are shorter. */
    private static final long MAX_OUTPUT = 4_000_000;

    private static final Pattern FILTER = Pattern.compile("\\|\\s*([A-Za-z_]\\w*)");

    private static final Pattern CONDITION = Pattern.compile("\\sif\\s");

    private static final LegacyOverrides LIKE_PYTHON = LegacyOverrides.newBuilder()
            .from(LegacyOverrides.ALL)
            .withWhitespaceRequiredWithinTokens(false)
            .build();

    private ChatTemplate() {}

    /**
     * @param variables a JSON object: {@code messages}, {@code add_generation_prompt}, and the special tokens
     * @throws IllegalArgumentException if the template cannot be rendered; its message says why
     */
    static String render(String template, String variables) {
        Map<String, Object> context;
        try {
            context = new HashMap<>(JSON.readValue(variables, new TypeReference<Map<String, Object>>() {}));
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("variables that are no JSON", e);
        }
        // Python leaves out the last line feed of a template, though not one that the template prints.
        String text = template.endsWith("\n") ? template.substring(0, template.length() - 1) : template;
        Jinjava engine = engine();
        refuseUnknownFilters(engine, text);
        RenderResult result = engine.renderForResult(JinjaDialect.translate(text), context);
        result.getErrors().stream().findFirst().ifPresent(error -> {
            throw new IllegalArgumentException("line " + error.getLineno() + ": " + reason(error));
        });
        return result.getOutput();
    }

    /** What the template itself says, if it raised an exception. */
    private static String reason(TemplateError error) {
        for (Throwable cause = error.getException(); cause != null; cause = cause.getCause()) {
            if (cause instanceof TemplateFunctions.Raised raised) {
                return String.valueOf(raised.getMessage());
            }
        }
        return String.valueOf(error.getMessage());
    }

    /** Jinjava would pass on what an unknown filter is given as it is. */
    private static void refuseUnknownFilters(Jinjava engine, String template) {
        Matcher filters = FILTER.matcher(template);
        while (filters.find()) {
            String name = filters.group(1);
            if (engine.getGlobalContext().getFilter(name) == null) {
                engine.registerFilter(new UnknownFilter(name));
            }
        }
    }

    private record UnknownFilter(String name) implements Filter {

        @Override
        public String getName() {
            return name;
        }

        @Override
        public Object filter(Object value, JinjavaInterpreter interpreter, String... arguments) {
            throw new InterpretException("the filter " + name + " is not known");
        }
    }

    private static Jinjava engine() {
        JinjavaConfig config = JinjavaConfig.newBuilder()
                .withLegacyOverrides(LIKE_PYTHON)
                .withNestedInterpretationEnabled(false)
                .withKeepTrailingNewline(true)
                .withMaxOutputSize(MAX_OUTPUT)
                .withDisabled(Map.of(Context.Library.TAG, Set.of("include", "import", "from", "extends")))
                .withElResolver(new PythonStrings(JinjavaInterpreterResolver.DEFAULT_RESOLVER_READ_ONLY))
                .build();
        Jinjava engine = new Jinjava(config);
        engine.registerTag(new PlainForTag());
        engine.registerTag(new GenerationTag());
        engine.registerFilter(new PythonJson());
        engine.registerFunction(function("raise_exception", "raise", String.class));
        engine.registerFunction(function("strftime_now", "now", String.class));
        return engine;
    }

    private static ELFunctionDefinition function(String name, String method, Class<?>... parameters) {
        return new ELFunctionDefinition("", name, TemplateFunctions.class, method, parameters);
    }

    /** Jinjava takes the condition of {@code for x in list if condition} for a part of the list, and finds none. */
    private static final class PlainForTag extends ForTag {

        private static final long serialVersionUID = 1L;

        @Override
        public Pair<List<String>, String> getLoopVarsAndExpression(TagToken token) {
            if (CONDITION.matcher(token.getHelpers()).find()) {
                throw new InterpretException("a loop with a condition is not supported: for " + token.getHelpers());
            }
            return super.getLoopVarsAndExpression(token);
        }
    }

    /** JSON with a space after commas and colons, as transformers writes it. */
    private static final class PythonJson implements Filter {

        private static final PrettyPrinter SPACED = new MinimalPrettyPrinter() {
            private static final long serialVersionUID = 1L;

            @Override
            public void writeObjectFieldValueSeparator(JsonGenerator json) throws IOException {
                json.writeRaw(": ");
            }

            @Override
            public void writeObjectEntrySeparator(JsonGenerator json) throws IOException {
                json.writeRaw(", ");
            }

            @Override
            public void writeArrayValueSeparator(JsonGenerator json) throws IOException {
                json.writeRaw(", ");
            }
        };

        @Override
        public String getName() {
            return "tojson";
        }

        @Override
        public Object filter(Object value, JinjavaInterpreter interpreter, String... arguments) {
            if (arguments.length > 0) {
                throw new InterpretException("tojson with arguments is not supported");
            }
            try {
                return JSON.writer(SPACED).writeValueAsString(value);
            } catch (JsonProcessingException e) {
                throw new InterpretException("tojson: " + e.getOriginalMessage());
            }
        }
    }

    /** What is between says what was generated, to those who train; it is text like any other. */
    private static final class GenerationTag implements Tag {

        private static final long serialVersionUID = 1L;

        @Override
        public String getName() {
            return "generation";
        }

        @Override
        public String interpret(TagNode node, JinjavaInterpreter interpreter) {
            StringBuilder text = new StringBuilder();
            node.getChildren().forEach(child -> text.append(child.render(interpreter)));
            return text.toString();
        }
    }
}
